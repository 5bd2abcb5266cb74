import type { WorkerName } from '../../shared/topology.ts'
import { applyPlan, type StepOutcome } from '../apply/apply.ts'
import { GateLogin } from '../apply/gate-login.ts'
import { Interruption } from '../apply/interruption.ts'
import { interruptedRun } from '../apply/journal.ts'
import { Lock } from '../apply/lock.ts'
import { deployStage } from '../apply/stage.ts'
import type { RolloutOptions, WorkerOutcome } from '../apply/stage-context.ts'
import { applyMigrations, uploadWorker } from '../apply/upload.ts'
import { type EnvironmentAccount, openEnvironmentAccount } from '../cloudflare/environment-account.ts'
import { observe, type Observed } from '../cloudflare/observe.ts'
import { checkPermissions } from '../cloudflare/permission-check.ts'
import type { Context } from '../context.ts'
import { CliError, exitStatus, usageError } from '../error.ts'
import { type DeploymentPlan, planDeployment, revisionOf } from '../plan/deployment.ts'
import type { DeployStep } from '../plan/plan.ts'
import { readWanted, type Wanted } from '../plan/wanted.ts'
import { type WranglerFile, wranglerFiles, writeWranglerFiles } from '../project/wrangler-files.ts'
import { packageVersion } from '../version.ts'
import { answerOf } from './answer.ts'
import { doneLines, planLines, stepLabel } from './messages.ts'

export interface DeployOptions extends Omit<RolloutOptions, 'message'> {
  readonly message: string | undefined
  readonly only: readonly WorkerName[]
  readonly dryRun: boolean
  readonly exitCode: boolean
  readonly force: boolean
  readonly breakLock: boolean
}

/** `authrim deploy`: plan, confirm, migrate, then stage by stage. */
export async function deploy(ctx: Context, options: DeployOptions): Promise<void> {
  const at = await openEnvironmentAccount(ctx)
  const { answer, lines } = await deployTo(ctx, at, options, () => ctx.prompt.confirm('Apply?'))
  ctx.report.answer(answer, () => lines)
}

/** What a deploy has to say in the end. */
export interface Deployed {
  readonly answer: ReturnType<typeof answerOf>
  readonly lines: readonly string[]
}

/** Makes the plan, shows it and applies it once `confirm` has let it pass; one without steps asks nothing. */
export async function deployTo(
  ctx: Context,
  at: EnvironmentAccount,
  options: DeployOptions,
  confirm: () => Promise<void>,
): Promise<Deployed> {
  const started = performance.now()
  const files = wranglerFiles(at.located.root, at.environment, at.resources).filter(
    ({ worker }) => options.only.length === 0 || options.only.includes(worker),
  )
  refuseHandEdits(ctx, files, options.force)
  const wanted = readWanted(at.environment, at.resources)
  const [observed] = await Promise.all([lookAt(at, wanted), checkPermissions(ctx, at.account, at.resources.zone?.id)])
  const plan = planDeployment(wanted, observed, {
    only: options.only,
    files: files.filter(({ state }) => state !== 'same').map(({ path }) => path),
    force: options.force,
  })
  ctx.report.lines(planLines(at, wanted, plan))
  refuseProblems(plan)
  if (options.dryRun || plan.steps.length === 0) {
    const steps = plan.steps.map(({ kind, target }) => ({ kind, target, status: 'planned', seconds: 0 }))
    if (options.dryRun && options.exitCode && plan.steps.length > 0) process.exitCode = exitStatus.changesFound
    const line =
      plan.steps.length > 0 ? 'Nothing was changed (--dry-run).' : 'Nothing to do: everything is as it should be.'
    return { answer: answerOf(plan, observed, steps, []), lines: [`  ${line}`] }
  }
  const interrupted = interruptedRun(at.located.folder)
  if (interrupted)
    ctx.report.note(
      `A ${interrupted.command} of ${interrupted.startedAt} was cut off at ${interrupted.step}; this one goes on.`,
    )
  await confirm()
  const outcomes = await underLock(at, options, async (lock) => {
    await refuseChangedAccount(plan, at, wanted)
    return applyDeployment(ctx, { at, plan, files, options, observed, lock })
  })
  const seconds = (performance.now() - started) / 1000
  return { answer: answerOf(plan, observed, outcomes.steps, outcomes.workers), lines: doneLines(plan, seconds) }
}

interface Work {
  readonly at: EnvironmentAccount
  readonly plan: DeploymentPlan
  readonly files: readonly WranglerFile[]
  readonly options: DeployOptions
  readonly observed: Observed
  readonly lock: Lock
}

async function applyDeployment(
  ctx: Context,
  { at, plan, files, options, observed, lock }: Work,
): Promise<{ steps: StepOutcome[]; workers: WorkerOutcome[] }> {
  using interruption = new Interruption((text) => ctx.report.note(text))
  const note = ctx.verbose ? (line: string) => ctx.report.note(line) : undefined
  await using login = new GateLogin(at.edge, at.located.folder, note)
  const workers: WorkerOutcome[] = []
  const deployed = new Set(observed.workers.map(({ worker }) => worker))
  const rollout = { ...options, message: options.message ?? `authrim ${packageVersion()}` }
  const execute = async (step: DeployStep): Promise<string | undefined> => {
    if (step.kind === 'write-files') {
      writeWranglerFiles(at.located.root, files)
      return undefined
    }
    await lock.renew()
    if (step.kind === 'migrations') {
      await applyMigrations(at, step.target)
      return step.files.join(', ')
    }
    const outcomes = await deployStage(step, {
      at,
      options: rollout,
      upload: (change) => uploadWorker(at, change, rollout.message),
      interruption,
      login,
      deployed,
      renew: () => lock.renew(),
    })
    workers.push(...outcomes)
    for (const { worker } of outcomes) deployed.add(worker)
    return checksLine(outcomes)
  }
  const steps = await applyPlan(plan, {
    execute,
    label: stepLabel,
    folder: at.located.folder,
    progress: ctx.progress,
    interruption,
    next: 'authrim deploy',
  })
  return { steps, workers }
}

/** What a stage's checks came to, with what could not be checked. */
function checksLine(outcomes: readonly WorkerOutcome[]): string {
  const checks = outcomes.flatMap((outcome) => outcome.checks)
  const notes = new Set(checks.flatMap(({ name, detail }) => (detail === undefined ? [] : [`${name} ${detail}`])))
  return [`${checks.length - notes.size} checks passed`, ...notes].join('; ')
}

/** Looks at the account for everything that is wanted. */
export function lookAt(at: EnvironmentAccount, wanted: Wanted): Promise<Observed> {
  return observe(at.account, {
    scripts: wanted.workers.map(({ worker, script, tag }) => ({ worker, script, tag })),
    zoneId: at.resources.zone?.id,
    host: new URL(at.environment.issuer).hostname,
    databaseId: at.resources.database.id,
  })
}

async function underLock<T>(
  at: EnvironmentAccount,
  { breakLock }: DeployOptions,
  action: (lock: Lock) => Promise<T>,
): Promise<T> {
  const lock = await Lock.take(at.account, at.resources.database.id, { command: 'deploy', breakLock })
  try {
    return await action(lock)
  } finally {
    await lock.release()
  }
}

/** Between the plan and the lock somebody may have deployed. */
async function refuseChangedAccount(plan: DeploymentPlan, at: EnvironmentAccount, wanted: Wanted): Promise<void> {
  if (revisionOf(await lookAt(at, wanted)) === plan.revision) return
  throw new CliError('The account has changed since the plan was made.', {
    code: 'changed_meanwhile',
    hint: 'See what is left to do: authrim deploy',
  })
}

function refuseHandEdits({ report }: Context, files: readonly WranglerFile[], force: boolean): void {
  const edited = files.filter(({ state }) => state === 'edited')
  if (edited.length === 0) return
  const differences = edited.flatMap(({ path, difference }) => [path, ...difference.map((line) => `  ${line}`)])
  for (const line of differences) report.note(line)
  if (force) return
  throw usageError(
    `Changed by hand: ${edited.map(({ path }) => path).join(', ')}. The lines with - would go.`,
    'Put the change into authrim.json (vars, rateLimits …), or overwrite it: authrim deploy --force',
  )
}

function refuseProblems({ problems }: DeploymentPlan): void {
  const [first] = problems
  if (!first) return
  throw new CliError(problems.map(({ message }) => message).join('\n'), {
    code: 'drift',
    hint: [...new Set(problems.map(({ hint }) => hint))].join('\n'),
    details: { problems },
  })
}
