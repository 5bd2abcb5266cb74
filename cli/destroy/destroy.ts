import { rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { applyPlan } from '../apply/apply.ts'
import { Interruption } from '../apply/interruption.ts'
import { Lock } from '../apply/lock.ts'
import { type EnvironmentAccount, openEnvironmentAccount } from '../cloudflare/environment-account.ts'
import type { Observed } from '../cloudflare/observe.ts'
import { listReferences, removeDatabase, removeDomain, removeNamespace, removeScript } from '../cloudflare/removal.ts'
import { removeRoute } from '../cloudflare/routes.ts'
import type { Context } from '../context.ts'
import { lookAt } from '../deploy/deploy.ts'
import { CliError } from '../error.ts'
import { planRemoval, type RemovalPlan, type RemovalStep } from '../plan/removal.ts'
import { readWanted } from '../plan/wanted.ts'
import { wranglerFiles } from '../project/wrangler-files.ts'
import { sanitize } from '../ui/sanitize.ts'
import { packageVersion } from '../version.ts'

export interface DestroyOptions {
  readonly keepData: boolean
  readonly dryRun: boolean
  readonly confirm: string | undefined
  readonly breakLock: boolean
}

/** `authrim destroy`: shows what goes and what stays, asks for the environment's name, and removes it. */
export async function destroy(ctx: Context, options: DestroyOptions): Promise<void> {
  const at = await openEnvironmentAccount(ctx)
  const wanted = readWanted(at.environment, at.resources)
  const observed = await lookAt(at, wanted)
  const scripts = observed.workers.map(({ script }) => script)
  const references = await Promise.all(scripts.map((script) => listReferences(at.account, script)))
  const plan = planRemoval({
    environment: at.environment,
    release: packageVersion(),
    resources: at.resources,
    observed,
    references: new Map(scripts.map((script, i) => [script, references[i] ?? []])),
    keepData: options.keepData,
  })
  ctx.report.lines(planLines(at, plan))
  refuseUsers(plan)
  if (options.dryRun || plan.steps.length === 0) {
    const steps = plan.steps.map(({ kind, target }) => ({ kind, target, status: 'planned', seconds: 0 }))
    ctx.report.answer({ removal: { environment: plan.environment, changed: false, steps, kept: plan.kept } }, () => [
      plan.steps.length === 0
        ? '  Nothing to do: there is nothing of authrim’s.'
        : '  Nothing was changed (--dry-run).',
    ])
    return
  }
  const loss = options.keepData ? 'stops serving' : 'is removed for good, with its people, clients and keys'
  await ctx.prompt.confirmRemoval(`${plan.environment} ${loss}.`, plan.environment, options.confirm)
  const steps = await remove(ctx, at, plan, observed, options)
  ctx.report.answer({ removal: { environment: plan.environment, changed: true, steps, kept: plan.kept } }, () => [
    '',
    options.keepData
      ? '  Removed; the data is kept. Bring it back with  authrim deploy'
      : `  Removed. authrim.json and the operator’s key are kept: authrim init --env ${plan.environment} starts anew.`,
  ])
}

async function remove(
  ctx: Context,
  at: EnvironmentAccount,
  plan: RemovalPlan,
  observed: Observed,
  { breakLock, keepData }: DestroyOptions,
) {
  const database = at.resources.database.id
  const lockable = observed.databases.some(({ id }) => id === database)
  const lock = lockable ? await Lock.take(at.account, database, { command: 'destroy', breakLock }) : undefined
  using interruption = new Interruption((text) => ctx.report.note(text))
  try {
    return await applyPlan(plan, {
      execute: async (step) => {
        await executeStep(at, step)
        return undefined
      },
      label: ({ kind, target }) => `${kind.padEnd(10)} ${target}`,
      folder: at.located.folder,
      progress: ctx.progress,
      interruption,
      next: `authrim destroy${keepData ? ' --keep-data' : ''}`,
    })
  } finally {
    if (keepData) await lock?.release()
  }
}

async function executeStep(at: EnvironmentAccount, { kind, id, target }: RemovalStep): Promise<void> {
  const { account, resources } = at
  switch (kind) {
    case 'route':
      return removeRoute(account, resources.zone?.id ?? '', { id, pattern: target, script: '' })
    case 'domain':
      return removeDomain(account, { id, hostname: target, script: '' })
    case 'worker':
      return removeScript(account, id)
    case 'database':
      return removeDatabase(account, id, target)
    case 'namespace':
      return removeNamespace(account, id, target)
    default:
      return removeFiles(at)
  }
}

/** The files that name what is gone; a wrangler.toml that somebody changed by hand stays. */
function removeFiles({ located, environment, resources }: EnvironmentAccount): void {
  const files = wranglerFiles(located.root, environment, resources).filter(
    ({ state }) => state === 'same' || state === 'outdated',
  )
  for (const path of [...files.map((file) => file.path), `environments/${environment.name}/resources.json`])
    rmSync(join(located.root, path), { force: true })
  const folders = [
    ...files.map(({ worker }) => `environments/${environment.name}/${worker}`),
    `environments/${environment.name}`,
  ]
  for (const folder of folders) {
    try {
      rmdirSync(join(located.root, folder))
    } catch {
      // Something of the operator's is in it.
    }
  }
}

function planLines({ environment, account }: EnvironmentAccount, { steps, kept }: RemovalPlan): string[] {
  return [
    `  ${environment.name} · ${environment.issuer} · account ${account.id.slice(0, 4)}…`,
    '',
    ...(steps.length > 0 ? ['  Goes'] : []),
    ...steps.map(({ kind, target }) => `    ${kind.padEnd(10)} ${sanitize(target)}`),
    ...(kept.length > 0 ? ['  Stays'] : []),
    ...kept.map(({ what, why }) => `    ${sanitize(what)}: ${sanitize(why)}`),
    '',
  ]
}

function refuseUsers({ users }: RemovalPlan): void {
  if (users.length === 0) return
  throw new CliError(
    `${users.map(({ script, boundTo }) => `The Worker ${script} is bound to ${boundTo}`).join('; ')}.`,
    {
      code: 'in_use',
      hint: 'Nothing was changed. Take that binding off first, or remove that Worker.',
      details: { users },
    },
  )
}
