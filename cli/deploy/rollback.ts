import { scriptName } from '../../shared/config.ts'
import { objectHost, type WorkerName } from '../../shared/topology.ts'
import { applyPlan } from '../apply/apply.ts'
import { Interruption } from '../apply/interruption.ts'
import { Lock } from '../apply/lock.ts'
import { type EnvironmentAccount, openEnvironmentAccount } from '../cloudflare/environment-account.ts'
import { observeWorker } from '../cloudflare/observe.ts'
import { deployVersions, listDeployments, readVersion } from '../cloudflare/scripts.ts'
import type { Context } from '../context.ts'
import { CliError } from '../error.ts'
import { formerVersionId, planRollback, type RollbackCandidate, versionNamed } from '../plan/rollback.ts'
import { packageVersion } from '../version.ts'

export interface RollbackOptions {
  readonly workers: readonly WorkerName[]
  readonly all: boolean
  readonly to: string | undefined
  readonly message: string | undefined
  readonly breakLock: boolean
}

/** `authrim rollback`: one call a Worker to a version that is uploaded already. */
export async function rollback(ctx: Context, options: RollbackOptions): Promise<void> {
  const started = performance.now()
  const at = await openEnvironmentAccount(ctx)
  const found = await Promise.all(options.workers.map((worker) => candidateOf(at, worker, options)))
  const candidates = found.filter((candidate) => candidate !== undefined)
  const plan = planRollback(at.environment.name, packageVersion(), candidates)
  if (plan.steps.length === 0) {
    ctx.report.answer({ rollback: null, rollbacks: [] }, () => ['  Nothing to do: there is nothing to go back to.'])
    return
  }
  for (const { worker, from, to } of plan.steps) {
    ctx.report.note(
      `${worker.padEnd(15)} ${from.release} (${from.versionId.slice(0, 8)}) → ${to.release} (${to.versionId.slice(0, 8)})`,
    )
  }
  await ctx.prompt.confirm('Put back?')
  // When the database is down, going back is what may help.
  const lock = await Lock.take(at.account, at.resources.database.id, {
    command: 'rollback',
    breakLock: options.breakLock,
  }).catch((error: unknown) => {
    if (error instanceof CliError && error.code === 'locked') throw error
    ctx.report.note('The lock cannot be taken; going back without it.')
  })
  using interruption = new Interruption((text) => ctx.report.note(text))
  try {
    const outcomes = await applyPlan(plan, {
      execute: async ({ worker, script, to }) => {
        await deployVersions(at.account, script, {
          versions: [{ id: to.versionId, percentage: 100 }],
          message: options.message ?? `authrim rollback to ${to.release}`,
          immediately: worker === objectHost,
        })
        return `${to.release} (${to.versionId.slice(0, 8)}) serves`
      },
      label: ({ worker }) => worker,
      folder: at.located.folder,
      progress: ctx.progress,
      interruption,
      next: `authrim rollback ${options.all ? '--all' : options.workers.join(' ')}`,
    })
    const rollbacks = plan.steps.map(({ worker, from, to }, i) => ({
      worker,
      from: from.release,
      to: to.release,
      fromVersionId: from.versionId,
      versionId: to.versionId,
      seconds: outcomes[i]?.seconds ?? 0,
    }))
    ctx.report.answer({ rollback: rollbacks[0] ?? null, ...(rollbacks.length > 1 && { rollbacks }) }, () => [
      `  Done in ${((performance.now() - started) / 1000).toFixed(1)} s. Go forward again with  authrim deploy`,
    ])
  } finally {
    await lock?.release()
  }
}

async function candidateOf(
  at: EnvironmentAccount,
  worker: WorkerName,
  { to, all }: RollbackOptions,
): Promise<RollbackCandidate | undefined> {
  const script = scriptName(at.environment.name, worker)
  const [observed, deployments] = await Promise.all([
    observeWorker(at.account, { worker, script }),
    listDeployments(at.account, script),
  ])
  const id = observed && (to === undefined ? formerVersionId(observed, deployments ?? []) : versionNamed(observed, to))
  if (observed && id !== undefined) {
    return { worker, observed, target: await readVersion(at.account, script, id) }
  }
  // With --all, a Worker that has only ever had one version stays.
  if (all) return undefined
  throw new CliError(observed ? `${worker} has no version before this one.` : `${worker} is not deployed.`, {
    code: 'nothing_before',
    hint: `See: authrim versions ${worker}`,
  })
}
