import { join } from 'node:path'
import * as v from 'valibot'
import type { Plan } from '../plan/plan.ts'
import { readIfThere, writeSecretFile } from '../secret-file.ts'

const StepStatus = v.picklist(['waiting', 'running', 'done', 'failed'])

const JournalFile = v.object({
  command: v.string(),
  release: v.string(),
  revision: v.string(),
  pid: v.number(),
  startedAt: v.string(),
  endedAt: v.optional(v.string()),
  steps: v.array(v.object({ kind: v.string(), target: v.string(), status: StepStatus })),
})

type JournalState = v.InferOutput<typeof JournalFile>

/**
 * What a run has done so far, on disk before and after each step. Nothing is read back to go on, since the account
 * itself says what is missing: it tells the operator where a run that was killed had come to.
 */
export class Journal {
  readonly #file: string
  #state: JournalState

  /** @throws where nothing can be written, before anything is done. */
  constructor(folder: string, plan: Plan) {
    this.#file = journalFile(folder)
    this.#state = {
      command: plan.command,
      release: plan.release,
      revision: plan.revision,
      pid: process.pid,
      startedAt: new Date().toISOString(),
      steps: plan.steps.map(({ kind, target }) => ({ kind, target, status: 'waiting' as const })),
    }
    this.#write()
  }

  mark(index: number, status: v.InferOutput<typeof StepStatus>): void {
    const steps = this.#state.steps.map((step, i) => (i === index ? { ...step, status } : step))
    this.#state = { ...this.#state, steps }
    this.#note()
  }

  close(): void {
    this.#state = { ...this.#state, endedAt: new Date().toISOString() }
    this.#note()
  }

  /** A disk that fills up on the way must not stop what the account is in the middle of, nor hide how it went. */
  #note(): void {
    try {
      this.#write()
    } catch {
      // The former line stays.
    }
  }

  #write(): void {
    writeSecretFile(this.#file, `${JSON.stringify(this.#state, undefined, 2)}\n`)
  }
}

/** The run that ended without closing its journal: when it began, and the step it was in. */
export function interruptedRun(folder: string): { command: string; startedAt: string; step: string } | undefined {
  try {
    const { command, startedAt, endedAt, steps, pid } = v.parse(
      JournalFile,
      JSON.parse(readIfThere(journalFile(folder)) ?? ''),
    )
    const step = steps.find(({ status }) => status === 'running') ?? steps.find(({ status }) => status === 'waiting')
    if (endedAt !== undefined || step === undefined || pid === process.pid) return undefined
    return { command, startedAt, step: `${step.kind} ${step.target}` }
  } catch {
    return undefined
  }
}

function journalFile(folder: string): string {
  return join(folder, 'journal.json')
}
