import { router, type WorkerName } from '../../shared/topology.ts'
import { deployVersions } from '../cloudflare/scripts.ts'
import { CliError, exitStatus } from '../error.ts'
import { type Candidate, type Check, checkCandidates, type Gate } from './checks.ts'
import type { StageContext, WorkerOutcome } from './stage-context.ts'
import type { Uploaded } from './stage-uploads.ts'

/** A version that failed its checks. */
export class GateRefusal extends Error {
  readonly checks: ReadonlyMap<WorkerName, Check[]>

  constructor(checks: ReadonlyMap<WorkerName, Check[]>) {
    super('a check failed')
    this.checks = checks
  }
}

/** Checks the versions; one that fails is refused. `overridden` reaches them before they have traffic. */
export async function gate(uploaded: readonly Uploaded[], ctx: StageContext, overridden: boolean) {
  // On workers.dev nothing answers at the issuer until the router does, which then is asked about all of them.
  const reachable =
    ctx.at.resources.zone || ctx.deployed.has(router) || uploaded.some(({ change }) => change.worker === router)
  if (uploaded.length === 0 || !reachable) return new Map<WorkerName, Check[]>()
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
    codeFlow: (headers) => ctx.login.check(headers),
    patience: ctx.at.account.access.source === 'local' ? 20 : isNew ? 300 : 60,
  }
  const checks = await checkCandidates(settings, candidates, { overridden })
  if ([...checks.values()].flat().some(({ ok }) => !ok)) throw new GateRefusal(checks)
  return checks
}

/** Gives the traffic back to the former versions, and says why in words. */
export async function putBack(
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
