import { createHash } from 'node:crypto'
import { objects, objectHost, type WorkerName, workerTopology } from '../../shared/topology.ts'
import type { ObservedWorker } from '../cloudflare/observe.ts'
import type { Deployment, Version } from '../cloudflare/scripts.ts'
import { CliError, usageError } from '../error.ts'
import { secretNames } from './bindings.ts'
import { releaseOf } from './deployment.ts'
import { type Plan, planFormat, type RollbackWorker } from './plan.ts'

/** A Worker with the version that it would go back to. */
export interface RollbackCandidate {
  readonly worker: WorkerName
  readonly observed: ObservedWorker
  readonly target: Version
}

/**
 * The id of the version that served before: the last with all traffic that was uploaded earlier than the present one.
 * So going back twice goes further back, and never to the version that was just given up.
 */
export function formerVersionId(
  { deployment, versions }: ObservedWorker,
  deployments: readonly Deployment[],
): string | undefined {
  const numbers = new Map(versions.map(({ id, number }) => [id, number]))
  // The list holds the newest ones: what is not in it is older than all of them.
  const numberOf = (id: string) => numbers.get(id) ?? 0
  const serving = deployment.versions.toSorted((a, b) => numberOf(a.id) - numberOf(b.id)).map(({ id }) => id)
  const [oldest] = serving
  // In the middle of a rollout the former version still serves.
  if (oldest === undefined || serving.length > 1) return oldest
  return deployments
    .flatMap(({ versions: shares }) => shares.filter(({ percentage }) => percentage === 100))
    .find(({ id }) => id !== oldest && numberOf(id) < numberOf(oldest))?.id
}

/** Who goes back to what, the Worker of the objects last. Throws when Cloudflare or the data would not bear it. */
export function planRollback(
  environment: string,
  release: string,
  candidates: readonly RollbackCandidate[],
): Plan<RollbackWorker> {
  const refusals = candidates.flatMap(refusalsOf)
  if (refusals.length > 0) {
    throw new CliError(refusals.join('\n'), {
      code: 'cannot_roll_back',
      hint: 'Nothing was changed. Go forward instead: correct the mistake and run authrim deploy',
      details: { refusals },
    })
  }
  const steps = candidates
    .filter(({ observed, target }) => !servesAlone(observed, target.id))
    .toSorted((a, b) => workerTopology(b.worker).stage - workerTopology(a.worker).stage)
    .map(({ worker, observed, target }) => ({
      kind: 'rollback' as const,
      target: worker,
      worker,
      script: observed.script,
      from: { versionId: observed.live[0]?.id ?? '', release: observed.live[0] ? releaseOf(observed.live[0]) : '' },
      to: { versionId: target.id, release: releaseOf(target) },
    }))
  const seen = candidates.map(({ observed }) => [observed.script, observed.deployment.id])
  return {
    format: planFormat,
    command: 'rollback',
    environment,
    release,
    revision: createHash('sha256').update(JSON.stringify(seen)).digest('hex').slice(0, 16),
    steps,
  }
}

/** Why Cloudflare would refuse the version half-way, or the version would not work. */
function refusalsOf({ worker, observed, target }: RollbackCandidate): string[] {
  const [live] = observed.live
  if (!live) return []
  const name = `${worker}: version ${target.id.slice(0, 8)} (${releaseOf(target)})`
  const secrets = secretNames(live.bindings).filter((secret) => !secretNames(target.bindings).includes(secret))
  const classes = worker === objectHost ? missingClasses(live, target) : []
  return [
    ...secrets.map((secret) => `${name} lacks the secret ${secret}, which is in use.`),
    ...classes.map((className) => `${name} lacks the Durable Object class ${className}, which holds data.`),
    ...(live.migrationTag !== undefined &&
    target.migrationTag !== undefined &&
    live.migrationTag !== target.migrationTag
      ? [`${name} is from before the Durable Object migration ${live.migrationTag}; Cloudflare goes back past none.`]
      : []),
  ]
}

function missingClasses(live: Version, target: Version): string[] {
  const classesOf = ({ bindings }: Version) =>
    new Set(
      bindings.flatMap(({ type, class_name }) => (type === 'durable_object_namespace' ? [String(class_name)] : [])),
    )
  const has = classesOf(target)
  return [...classesOf(live)].filter((className) => className in objects && !has.has(className))
}

function servesAlone({ deployment }: ObservedWorker, id: string): boolean {
  const serving = deployment.versions.filter(({ percentage }) => percentage > 0)
  return serving.length === 1 && serving[0]?.id === id
}

/** The version that an operator named by its id or the start of it. */
export function versionNamed(observed: ObservedWorker, wanted: string): string {
  const found = observed.versions.filter(({ id }) => id === wanted || (wanted.length >= 4 && id.startsWith(wanted)))
  const [first, second] = found
  if (first && !second) return first.id
  throw usageError(
    second
      ? `--to ${wanted} fits several versions of ${observed.worker}.`
      : `${observed.worker} has no version ${wanted}.`,
    `See: authrim versions ${observed.worker}`,
  )
}
