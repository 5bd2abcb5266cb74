import { setTimeout as sleep } from 'node:timers/promises'
import type { WorkerName } from '../../shared/topology.ts'
import type { EnvironmentAccount } from '../cloudflare/environment-account.ts'
import { readVersionCounts } from '../cloudflare/analytics.ts'
import { ensureDomain, ensureRoute, removeRoute } from '../cloudflare/routes.ts'
import { setSchedules } from '../cloudflare/schedules.ts'
import { deployVersions } from '../cloudflare/scripts.ts'
import type { DeployStage, WorkerChange } from '../plan/plan.ts'
import type { Check } from './checks.ts'
import { errorRateCheck } from './error-rate.ts'
import { gate, GateRefusal, putBack } from './gate.ts'
import type { StageContext, WorkerOutcome } from './stage-context.ts'
import { changedSomething, uploadAll, type Uploaded } from './stage-uploads.ts'

/** Brings the Workers of a stage to their new versions together, or leaves the former ones serving. */
export async function deployStage(step: DeployStage, ctx: StageContext): Promise<WorkerOutcome[]> {
  const uploaded = await uploadAll(step.workers, ctx)
  const { at } = ctx
  // Without a zone there are no routes to change.
  const zoneId = at.resources.zone?.id ?? ''
  const outcomes = new Map<WorkerName, WorkerOutcome>()
  const note = (share: number, checks: ReadonlyMap<WorkerName, Check[]>) => {
    for (const { change, versionId } of uploaded) {
      outcomes.set(change.worker, {
        worker: change.worker,
        from: change.from?.release ?? null,
        to: change.to.release,
        versionId,
        share,
        checks: newest([...(outcomes.get(change.worker)?.checks ?? []), ...(checks.get(change.worker) ?? [])]),
      })
    }
  }
  try {
    for (const { change } of uploaded) await addRoutes(at, zoneId, change)
    note(0, await firstChecks(uploaded, ctx))
    const since = new Date()
    for (const share of ctx.options.shares) {
      const checks = await shiftTo(share, uploaded, ctx, since)
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

/** Of checks that were made again the last counts. */
function newest(checks: readonly Check[]): Check[] {
  return [...new Map(checks.map((check) => [check.name, check])).values()]
}

async function addRoutes(
  { account, environment }: EnvironmentAccount,
  zoneId: string,
  change: WorkerChange,
): Promise<void> {
  const { script, domain, addRoutes, removeRoutes, schedules } = change
  if (domain !== null) await ensureDomain(account, zoneId, new URL(environment.issuer).hostname, script)
  // A pattern belongs to one Worker at a time.
  const moved = removeRoutes.filter(({ pattern }) => addRoutes.includes(pattern))
  for (const route of moved) await removeRoute(account, zoneId, route)
  await Promise.all(addRoutes.map((pattern) => ensureRoute(account, zoneId, pattern, script)))
  if (schedules !== null) await setSchedules(account, script, schedules)
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

/** Gives the new versions this share, and looks again. Counts go back to `since`, for analytics are late. */
async function shiftTo(
  percentage: number,
  uploaded: readonly Uploaded[],
  ctx: StageContext,
  since: Date,
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
  return withErrorRates(checks, gradual, ctx, since)
}

/** Adds how the new versions fared in real traffic beside the former ones. */
async function withErrorRates(
  checks: ReadonlyMap<WorkerName, Check[]>,
  gradual: readonly Uploaded[],
  { at }: StageContext,
  since: Date,
): Promise<Map<WorkerName, Check[]>> {
  const scripts = gradual.map(({ change }) => change.script)
  // A service that only watches must not stop a rollout that goes well.
  const counts = await readVersionCounts(at.account, scripts, { from: since, to: new Date() }).catch(() => undefined)
  const all = new Map(checks)
  for (const { change, versionId } of gradual) {
    const check = errorRateCheck(counts?.get(versionId), counts?.get(change.from?.versionId ?? ''))
    all.set(change.worker, [...(checks.get(change.worker) ?? []), check])
  }
  if ([...all.values()].flat().some(({ ok }) => !ok)) throw new GateRefusal(all)
  return all
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
