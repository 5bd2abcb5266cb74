import { CliError, type ExitStatus, exitStatus, OperatorCancelled } from '../error.ts'
import { fileFailure } from '../file-failure.ts'
import type { Plan, PlanStep } from '../plan/plan.ts'
import type { Progress } from '../ui/progress.ts'
import type { Interruption } from './interruption.ts'
import { Journal } from './journal.ts'

export interface StepOutcome {
  readonly kind: string
  readonly target: string
  readonly status: 'done' | 'failed' | 'not-done'
  readonly seconds: number
}

export interface ApplyOptions<Step extends PlanStep> {
  /** Does one step, repeatably; what it returns is said beside the tick. */
  readonly execute: (step: Step) => Promise<string | undefined>
  readonly label: (step: Step) => string
  /** Where the journal is kept. */
  readonly folder: string
  readonly progress: Progress
  readonly interruption: Interruption
  /** The command that goes on after a failure. */
  readonly next: string
}

/** Does the steps in order and stops at the first that fails. */
export async function applyPlan<Step extends PlanStep>(
  plan: Plan<Step>,
  { execute, label, folder, progress, interruption, next }: ApplyOptions<Step>,
): Promise<StepOutcome[]> {
  const journal = new Journal(folder, plan)
  const outcomes: StepOutcome[] = []
  try {
    for (const [index, step] of plan.steps.entries()) {
      const started = performance.now()
      const outcome = (status: StepOutcome['status']): StepOutcome => ({
        kind: step.kind,
        target: step.target,
        status,
        seconds: Math.round(performance.now() - started) / 1000,
      })
      const line = progress.start(label(step))
      try {
        interruption.check()
        journal.mark(index, 'running')
        const said = await execute(step)
        journal.mark(index, 'done')
        outcomes.push(outcome('done'))
        line.done(said)
      } catch (error) {
        line.failed()
        journal.mark(index, 'failed')
        const rest = plan.steps.slice(index + 1).map(({ kind, target }) => notDone(kind, target))
        throw partial(fileFailure(error) ?? error, [...outcomes, outcome('failed'), ...rest], plan, next)
      }
    }
    return outcomes
  } finally {
    journal.close()
  }
}

function notDone(kind: string, target: string): StepOutcome {
  return { kind, target, status: 'not-done', seconds: 0 }
}

/** The failure of a step, with what the steps before it have done. */
function partial(error: unknown, steps: readonly StepOutcome[], { command }: Plan, next: string): unknown {
  if (!(error instanceof CliError)) return error
  const names = (status: StepOutcome['status']) =>
    steps.filter((step) => step.status === status).map(({ kind, target }) => `${kind} ${target}`)
  const [done, open] = [names('done'), [...names('failed'), ...names('not-done')]]
  const cancelled = error instanceof OperatorCancelled
  const message = cancelled ? `The ${command} was stopped.` : error.message
  return new CliError(
    [
      message,
      done.length > 0 ? `Done: ${done.join('; ')}.` : 'Nothing was done before it.',
      `Not done: ${open.join('; ')}.`,
    ].join('\n'),
    {
      code: error.code,
      exitCode: statusOf(error, done.length > 0),
      hint: [error.hint, `Go on with: ${next}`].filter(Boolean).join('\n'),
      details: { ...(typeof error.details === 'object' && error.details), steps },
    },
  )
}

function statusOf({ exitCode }: CliError, changed: boolean): ExitStatus {
  const own: readonly ExitStatus[] = [exitStatus.rolledBack, exitStatus.cancelled]
  return changed && !own.includes(exitCode) ? exitStatus.partial : exitCode
}
