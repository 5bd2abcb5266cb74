import { readFileIfThere, writePrivateFile } from '../state/atomic-file.ts'
import type { Script } from '../state/script.ts'
import type { Store } from '../state/store.ts'
import * as v from 'valibot'
import { Invocations, statusOf } from './invocations.ts'
import type { Tails } from './tails.ts'
import { parseTraces } from './trace.ts'

const invocationSchema = v.object({
  time: v.number(),
  scriptTag: v.string(),
  versionId: v.string(),
  status: v.string(),
  wallTime: v.exactOptional(v.number()),
  cpuTime: v.exactOptional(v.number()),
})

/** Counts traces and passes them to whoever tails their Worker. */
export function takeTraces(
  body: unknown,
  { store, tails, invocations }: { store: Store; tails: Tails; invocations: Invocations },
): void {
  for (const { worker, item } of parseTraces(body)) {
    const found = scriptOfWorker(store, worker)
    if (!found) continue
    const { script, versionId } = found
    const timing = invocations.takeTiming(item.event?.request?.headers['cf-ray'], worker)
    const traced = timing ? { ...item, wallTime: ms(timing.wallTime), cpuTime: ms(timing.cpuTime ?? 0) } : item
    tails.publish(script, versionId, traced)
    // Analytics of Workers count requests to them, not calls into their objects.
    if (item.executionModel === 'durableObject') continue
    invocations.add({
      time: item.eventTimestamp ?? Date.now(),
      scriptTag: script.tag,
      versionId,
      status: statusOf(item.outcome),
      ...(timing && { wallTime: timing.wallTime }),
      ...(timing?.cpuTime !== undefined && { cpuTime: timing.cpuTime }),
    })
  }
}

/** Invocations that an earlier run counted. */
export function loadInvocations(file: string): Invocations {
  const text = readFileIfThere(file)
  if (text === undefined) return new Invocations()
  const { success, output } = v.safeParse(v.array(invocationSchema), JSON.parse(text))
  return new Invocations(success ? output : [])
}

export function saveInvocations(file: string, { all }: Invocations): void {
  writePrivateFile(file, JSON.stringify(all))
}

function scriptOfWorker({ accounts }: Store, worker: string): { script: Script; versionId: string } | undefined {
  const tag = worker.slice(0, 32)
  const script = accounts.flatMap(({ scripts }) => scripts).find((candidate) => candidate.tag === tag)
  return script && { script, versionId: worker.slice(33) }
}

function ms(microseconds: number): number {
  return Math.round(microseconds / 1000)
}
