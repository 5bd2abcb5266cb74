import { CliError, exitStatus } from '../error.ts'
import type { WorkerChange } from '../plan/plan.ts'
import type { StageContext } from './stage-context.ts'

export interface Uploaded {
  readonly change: WorkerChange
  readonly versionId: string
}

/** Uploads in parallel; one that fails leaves nothing serving that served not before, unless it was new. */
export async function uploadAll(changes: readonly WorkerChange[], { upload }: StageContext): Promise<Uploaded[]> {
  const results = await Promise.allSettled(
    changes.map(async (change) => ({
      change,
      versionId:
        change.uploaded ?? (change.rollout === 'routes' ? (change.from?.versionId ?? '') : await upload(change)),
    })),
  )
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) {
    const serving = results.some((result) => result.status === 'fulfilled' && servesAtOnce(result.value.change))
    throw serving ? changedSomething(failed.reason) : failed.reason
  }
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
}

function servesAtOnce({ rollout }: WorkerChange): boolean {
  return rollout === 'create' || rollout === 'replace'
}

/** A failure after which the account is not as it was: status 4. */
export function changedSomething(error: unknown): unknown {
  if (!(error instanceof CliError) || error.exitCode === exitStatus.cancelled) return error
  const { message, hint, code, details } = error
  return new CliError(message, { hint, code, details, exitCode: exitStatus.partial })
}
