import { createHash } from 'node:crypto'
import { objectHost, type WorkerName, workerTopology } from '../../shared/topology.ts'
import type { Observed, ObservedWorker } from '../cloudflare/observe.ts'
import type { Version } from '../cloudflare/scripts.ts'
import { bindingDifferences, secretNames } from './bindings.ts'
import { parseVersionTag } from './names.ts'
import { type DeployStep, type Plan, planFormat, type Rollout, type WorkerChange } from './plan.ts'
import { type Problem, problemsOf } from './problems.ts'
import { routeChanges } from './route-changes.ts'
import type { Wanted, WantedWorker } from './wanted.ts'

export interface DeploymentOptions {
  /** Only these Workers; all when empty. */
  readonly only: readonly WorkerName[]
  /** Project files that differ from what the configuration says. */
  readonly files: readonly string[]
  /** Set a new secret where an existing op-discovery has lost its own. */
  readonly force: boolean
}

export interface DeploymentPlan extends Plan<DeployStep> {
  /** Workers that are as they should be. */
  readonly unchanged: readonly WorkerName[]
  /** What must be put right first; such a plan is not applied. */
  readonly problems: readonly Problem[]
}

/** What brings the account to what is wanted. No I/O: everything it knows is in its arguments. */
export function planDeployment(wanted: Wanted, observed: Observed, options: DeploymentOptions): DeploymentPlan {
  const selected = wanted.workers.filter(({ worker }) => options.only.length === 0 || options.only.includes(worker))
  const ours = new Set(wanted.workers.map(({ script }) => script))
  const changes = selected.map((worker) => planWorker(worker, observed, ours))
  const changed = changes.filter((change) => change !== undefined)
  const migrations = wanted.migrations.filter((name) => !observed.migrations.includes(name))
  const database = wanted.resources.database
  return {
    format: planFormat,
    command: 'deploy',
    environment: wanted.environment,
    release: wanted.release,
    revision: revisionOf(observed),
    steps: [
      ...(options.files.length > 0
        ? [{ kind: 'write-files' as const, target: `environments/${wanted.environment}`, files: options.files }]
        : []),
      ...(migrations.length > 0
        ? [{ kind: 'migrations' as const, target: database.name, database: database.id, files: migrations }]
        : []),
      ...stages(changed),
    ],
    unchanged: selected.filter((_, i) => changes[i] === undefined).map(({ worker }) => worker),
    problems: problemsOf(wanted, selected, observed, ours, options.force),
  }
}

/** A digest of what a plan was made from. */
export function revisionOf(observed: Observed): string {
  const { routes, domains, migrations, workers } = observed
  const served = workers.map(({ script, deployment }) => [script, deployment.id, deployment.versions])
  return createHash('sha256').update(JSON.stringify({ routes, domains, migrations, served })).digest('hex').slice(0, 16)
}

function stages(changes: readonly WorkerChange[]): DeployStep[] {
  const numbers = [...new Set(changes.map(({ worker }) => workerTopology(worker).stage))].toSorted((a, b) => a - b)
  return numbers.map((stage) => {
    const workers = changes.filter(({ worker }) => workerTopology(worker).stage === stage)
    return { kind: 'stage', target: workers.map(({ worker }) => worker).join(', '), stage, workers }
  })
}

function planWorker(wanted: WantedWorker, observed: Observed, ours: ReadonlySet<string>): WorkerChange | undefined {
  const found = observed.workers.find(({ worker }) => worker === wanted.worker)
  const routes = routeChanges(wanted, observed, ours)
  const schedules = sameSet(wanted.schedules, found?.schedules ?? []) ? null : wanted.schedules
  const rollout = rolloutOf(wanted, found, routes.words.length > 0 || schedules !== null)
  if (rollout === undefined) return undefined
  const live = found?.live ?? []
  const target = live.find((version) => isWanted(wanted, version))
  const former = live.find((version) => version !== target) ?? live[0]
  const candidate = found?.candidate
  const uploaded = target ?? (candidate && isWanted(wanted, candidate) ? candidate : undefined)
  const secrets = wanted.secrets.filter((name) => !secretNames(former?.bindings ?? []).includes(name))
  return {
    worker: wanted.worker,
    script: wanted.script,
    rollout,
    from: former ? { versionId: former.id, release: releaseOf(former) } : null,
    to: { tag: wanted.tag, release: parseVersionTag(wanted.tag)?.release ?? wanted.tag },
    uploaded: rollout === 'create' || rollout === 'replace' || secrets.length > 0 ? null : (uploaded?.id ?? null),
    secrets,
    addRoutes: routes.add,
    removeRoutes: routes.remove,
    schedules,
    domain: routes.domain,
    changes: [
      ...(rollout === 'routes' ? [] : versionChanges(wanted, former)),
      ...routes.words,
      ...(schedules ? [`~ runs by itself at ${schedules.join(', ') || 'no time'}`] : []),
    ],
  }
}

/** How to get there; undefined when it is there. */
function rolloutOf(
  wanted: WantedWorker,
  found: ObservedWorker | undefined,
  placesDiffer: boolean,
): Rollout | undefined {
  const [first, ...others] = found?.live ?? []
  if (first === undefined) return 'create'
  if (others.length === 0 && isWanted(wanted, first)) return placesDiffer ? 'routes' : undefined
  if (wanted.migrationTag !== undefined && found?.migrationTag !== wanted.migrationTag) return 'replace'
  return wanted.worker === objectHost ? 'straight' : 'gradual'
}

/** The version is this very bundle with these bindings. */
function isWanted(wanted: WantedWorker, version: Version): boolean {
  return versionChanges(wanted, version).length === 0
}

/** What of a version is not as wanted, in words. */
function versionChanges(wanted: WantedWorker, version: Version | undefined): string[] {
  if (!version) return ['+ the Worker']
  const [before, after] = [parseVersionTag(version.tag), parseVersionTag(wanted.tag)]
  const secrets = secretNames(version.bindings)
  return [
    ...(before?.digest === after?.digest ? [] : [`~ code ${before?.digest ?? 'not authrim’s'} → ${after?.digest}`]),
    ...(version.compatibilityDate === wanted.compatibilityDate
      ? []
      : [`~ compatibility date ${version.compatibilityDate} → ${wanted.compatibilityDate}`]),
    ...(sameSet(version.compatibilityFlags, wanted.compatibilityFlags)
      ? []
      : [`~ compatibility flags → ${wanted.compatibilityFlags.join(', ')}`]),
    ...bindingDifferences(wanted.script, wanted.bindings, version.bindings),
    ...wanted.secrets.filter((name) => !secrets.includes(name)).map((name) => `+ secret ${name}`),
  ]
}

/** What a version is called: authrim's release, or that authrim did not upload it. */
export function releaseOf({ tag }: { readonly tag: string }): string {
  return parseVersionTag(tag)?.release ?? 'not by authrim'
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item) => b.includes(item))
}
