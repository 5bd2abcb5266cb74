import { setTimeout as sleep } from 'node:timers/promises'
import type { WorkerName } from '../../shared/topology.ts'
import type { EnvironmentAccount } from '../cloudflare/environment-account.ts'
import { ensureDomain, ensureRoute, removeRoute } from '../cloudflare/routes.ts'
import { deployVersions } from '../cloudflare/scripts.ts'
import { CliError, exitStatus } from '../error.ts'
import type { DeployStage, WorkerChange } from '../plan/plan.ts'
import { type Candidate, type Check, checkCandidates, type Gate } from './checks.ts'
import type { Interruption } from './interruption.ts'
import { uploadWorker } from './upload.ts'

export interface RolloutOptions {
  readonly message: string
  /** Shares of traffic that a new version gets in turn; the last is 100. */
  readonly shares: readonly number[]
  /** Seconds between them. */
  readonly interval: number
  readonly healthCheck: boolean
}

export interface StageContext {
  readonly at: EnvironmentAccount
  readonly options: RolloutOptions
  readonly interruption: Interruption
  /** Workers that are deployed before this stage. */
  readonly deployed: ReadonlySet<WorkerName>
  /** Says that this run is alive. */
  readonly renew: () => Promise<void>
}

export interface WorkerOutcome {
  readonly worker: WorkerName
  readonly from: string | null
  readonly to: string
  readonly versionId: string
  readonly share: number
  readonly checks: readonly Check[]
}

interface Uploaded {
  readonly change: WorkerChange
  readonly versionId: string
}

/** Brings the Workers of a stage to their new versions together, or leaves the former ones serving. */
export async function deployStage(step: DeployStage, ctx: StageContext): Promise<WorkerOutcome[]> {
  const uploaded = await uploadAll(step.workers, ctx)
  const { at } = ctx
  const zoneId = at.resources.zone.id
  const outcomes = new Map<WorkerName, WorkerOutcome>()
  const note = (share: number, checks: ReadonlyMap<WorkerName, Check[]>) => {
    for (const { change, versionId } of uploaded) {
      outcomes.set(change.worker, {
        worker: change.worker,
        from: change.from?.release ?? null,
        to: change.to.release,
        versionId,
        share,
        checks: checks.get(change.worker) ?? outcomes.get(change.worker)?.checks ?? [],
      })
    }
  }
  try {
    for (const { change } of uploaded) await addRoutes(at, zoneId, change)
    note(0, await firstChecks(uploaded, ctx))
    for (const share of ctx.options.shares) {
      const checks = await shiftTo(share, uploaded, ctx)
      note(share, checks)
    }
    for (const { change } of uploaded) {
      for (const route of change.removeRoutes) await removeRoute(at.account, zoneId, route)
    }
    return [...outcomes.values()]
  } catch (error) {
    if (error instanceof GateRefusal) throw await putBack(error, uploaded, [...outcomes.values()], ctx)
    throw changedSomething(error)
  }
}

/** Uploads in parallel; one that fails leaves nothing serving that served not before, unless it was new. */
async function uploadAll(changes: readonly WorkerChange[], { at, options }: StageContext): Promise<Uploaded[]> {
  const results = await Promise.allSettled(
    changes.map(async (change) => ({
      change,
      versionId:
        change.uploaded ??
        (change.rollout === 'routes'
          ? (change.from?.versionId ?? '')
          : await uploadWorker(at, change, options.message)),
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
function changedSomething(error: unknown): unknown {
  if (!(error instanceof CliError) || error.exitCode === exitStatus.cancelled) return error
  const { message, hint, code, details } = error
  return new CliError(message, { hint, code, details, exitCode: exitStatus.partial })
}

async function addRoutes(
  { account, environment }: EnvironmentAccount,
  zoneId: string,
  change: WorkerChange,
): Promise<void> {
  const { script, domain, addRoutes, removeRoutes } = change
  if (domain !== null) await ensureDomain(account, zoneId, new URL(environment.issuer).hostname, script)
  // A pattern belongs to one Worker at a time.
  const moved = removeRoutes.filter(({ pattern }) => addRoutes.includes(pattern))
  for (const route of moved) await removeRoute(account, zoneId, route)
  await Promise.all(addRoutes.map((pattern) => ensureRoute(account, zoneId, pattern, script)))
}

/** Checks before anyone gets the new versions; where that cannot be, right after. */
async function firstChecks(uploaded: readonly Uploaded[], ctx: StageContext): Promise<Map<WorkerName, Check[]>> {
  const { at, options } = ctx
  for (const { change, versionId } of uploaded) {
    if (change.rollout === 'straight') {
      await deployVersions(at.account, change.script, {
        versions: [{ id: versionId, percentage: 100 }],
        message: options.message,
        immediately: true,
      })
    }
    if (change.rollout === 'gradual' && options.healthCheck) {
      await share(at, change, versionId, 0, options.message)
    }
  }
  if (!options.healthCheck) return new Map()
  const before = uploaded.filter(({ change }) => change.rollout === 'gradual')
  const after = uploaded.filter(({ change }) => change.rollout !== 'gradual')
  return new Map([...(await gate(before, ctx, true)), ...(await gate(after, ctx, false))])
}

/** Gives the new versions this share, and looks again. */
async function shiftTo(
  percentage: number,
  uploaded: readonly Uploaded[],
  ctx: StageContext,
): Promise<Map<WorkerName, Check[]>> {
  const { at, options, interruption, renew } = ctx
  const gradual = uploaded.filter(({ change }) => change.rollout === 'gradual')
  if (gradual.length === 0) return new Map()
  interruption.check()
  await Promise.all(gradual.map(({ change, versionId }) => share(at, change, versionId, percentage, options.message)))
  if (!options.healthCheck) return new Map()
  if (percentage === 100) return gate(gradual, ctx, false)
  const checks = await gate(gradual, ctx, true)
  await renew()
  await sleep(options.interval * 1000, undefined, { signal: interruption.signal }).catch(() => undefined)
  return checks
}

async function share(
  { account }: EnvironmentAccount,
  { script, from }: WorkerChange,
  versionId: string,
  percentage: number,
  message: string,
): Promise<void> {
  const former = from && from.versionId !== versionId && percentage < 100 ? from.versionId : undefined
  await deployVersions(account, script, {
    versions:
      former === undefined
        ? [{ id: versionId, percentage: 100 }]
        : [
            { id: former, percentage: 100 - percentage },
            { id: versionId, percentage },
          ],
    message,
  })
}

/** A version that failed its checks. */
class GateRefusal extends Error {
  readonly checks: ReadonlyMap<WorkerName, Check[]>

  constructor(checks: ReadonlyMap<WorkerName, Check[]>) {
    super('a check failed')
    this.checks = checks
  }
}

async function gate(uploaded: readonly Uploaded[], ctx: StageContext, overridden: boolean) {
  if (uploaded.length === 0) return new Map<WorkerName, Check[]>()
  const candidates: Candidate[] = uploaded.map(({ change, versionId }) => ({
    worker: change.worker,
    script: change.script,
    versionId,
  }))
  const isNew = uploaded.some(({ change }) => change.rollout === 'create')
  const settings: Gate = {
    edge: ctx.at.edge,
    deployed: new Set([...ctx.deployed, ...candidates.map(({ worker }) => worker)]),
    // A new host waits for its certificate.
    patience: ctx.at.account.access.source === 'local' ? 20 : isNew ? 300 : 60,
  }
  const checks = await checkCandidates(settings, candidates, { overridden })
  if ([...checks.values()].flat().some(({ ok }) => !ok)) throw new GateRefusal(checks)
  return checks
}

/** Gives the traffic back to the former versions, and says why in words. */
async function putBack(
  { checks }: GateRefusal,
  uploaded: readonly Uploaded[],
  outcomes: readonly WorkerOutcome[],
  { at }: StageContext,
): Promise<CliError> {
  const words = [...checks].flatMap(([worker, list]) =>
    list.filter(({ ok }) => !ok).map(({ name, detail }) => `${worker}: ${detail ?? name}`),
  )
  const workers = uploaded.map(({ change, versionId }) => ({
    worker: change.worker,
    from: change.from?.release ?? null,
    to: change.to.release,
    versionId,
    share: 0,
    checks: checks.get(change.worker) ?? outcomes.find(({ worker }) => worker === change.worker)?.checks ?? [],
  }))
  const restored: string[] = []
  const left: string[] = []
  for (const { change, versionId } of uploaded) {
    const { from, script, worker, rollout } = change
    if (rollout === 'routes' || from?.versionId === versionId) continue
    if (from === null) left.push(`${worker} is new, so there is no former version`)
    else {
      await deployVersions(at.account, script, {
        versions: [{ id: from.versionId, percentage: 100 }],
        message: 'authrim: a check failed',
        immediately: rollout === 'straight',
      })
        .then(() => restored.push(worker))
        .catch((error: unknown) =>
          left.push(`${worker} could not be put back (${error instanceof Error ? error.message : ''})`),
        )
    }
  }
  return new CliError(
    [
      `A check failed: ${words.join('; ')}.`,
      ...(restored.length > 0 ? [`The former version serves again: ${restored.join(', ')}.`] : []),
      ...(left.length > 0 ? [`${left.join('; ')}.`] : []),
    ].join('\n'),
    {
      code: 'check_failed',
      exitCode: left.length === 0 && restored.length > 0 ? exitStatus.rolledBack : exitStatus.partial,
      hint: 'Nothing later was deployed. Logs of the Worker: authrim logs',
      details: { workers },
    },
  )
}
