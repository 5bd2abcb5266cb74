import { type Environment, scriptName } from '../../shared/config.ts'
import {
  type KvNamespace,
  objectHost,
  publishedWorkers,
  type WorkerName,
  workerTopology,
} from '../../shared/topology.ts'
import type { Observed, ObservedWorker } from '../cloudflare/observe.ts'
import type { Resources } from '../project/resources-file.ts'
import { databaseName, namespaceTitles } from './names.ts'
import { type Plan, planFormat, type PlanStep } from './plan.ts'
import { revisionOf } from './deployment.ts'

export interface RemovalStep extends PlanStep {
  readonly kind: 'route' | 'domain' | 'worker' | 'database' | 'namespace' | 'files'
  /** Cloudflare's id of it; the script's name of a Worker. */
  readonly id: string
}

/** Something that stays, and why. */
export interface Kept {
  readonly what: string
  readonly why: string
}

export interface RemovalPlan extends Plan<RemovalStep> {
  readonly kept: readonly Kept[]
  /** Scripts of somebody else that are bound to ours; nothing is removed while there are any. */
  readonly users: readonly { readonly script: string; readonly boundTo: string }[]
}

export interface RemovalInput {
  readonly environment: Environment
  readonly release: string
  readonly resources: Resources
  readonly observed: Observed
  /** By script, those that are bound to it. */
  readonly references: ReadonlyMap<string, readonly string[]>
  readonly keepData: boolean
}

/**
 * What goes, in order: first what leads to the Workers, then these from the last stage to the first, then the data.
 * Only what resources.json and the account agree is authrim's: an id with authrim's name on it, a script that says
 * this issuer, a route or host that leads to such a script.
 */
export function planRemoval({
  environment,
  release,
  resources,
  observed,
  references,
  keepData,
}: RemovalInput): RemovalPlan {
  const present = observed.workers.filter((worker) => saysIssuer(worker, environment.issuer))
  const strangers = observed.workers.filter((worker) => !present.includes(worker))
  const ours = new Set(present.map(({ script }) => script))
  const names = new Set(publishedWorkers.map((worker) => scriptName(environment.name, worker)))
  const removed = present
    // Its objects hold the keys, the grants and the sessions.
    .filter(({ worker }) => !(keepData && worker === objectHost))
    .toSorted((a, b) => order(b.worker) - order(a.worker))
  const data = dataSteps(environment.name, resources, observed)
  return {
    format: planFormat,
    command: 'destroy',
    environment: environment.name,
    release,
    revision: revisionOf(observed),
    steps: [
      ...observed.routes.filter(({ script }) => ours.has(script)).map(({ id, pattern }) => step('route', pattern, id)),
      ...observed.domains
        .filter(({ script }) => ours.has(script))
        .map(({ id, hostname }) => step('domain', hostname, id)),
      ...removed.map(({ worker, script }) => step('worker', worker, script)),
      ...(keepData ? [] : data.steps),
      ...(keepData ? [] : [step('files', `environments/${environment.name}`, '')]),
    ],
    kept: [
      ...strangers.map(({ script }) => ({
        what: `Worker ${script}`,
        why: `it does not say the issuer ${environment.issuer}`,
      })),
      ...data.kept,
      ...(keepData ? keptData(data.steps, present) : []),
    ],
    users: [...references].flatMap(([boundTo, scripts]) =>
      ours.has(boundTo) ? scripts.filter((script) => !names.has(script)).map((script) => ({ script, boundTo })) : [],
    ),
  }
}

/** Every Worker of authrim is told its issuer; another one of the same name is somebody else's. */
function saysIssuer({ live }: ObservedWorker, issuer: string): boolean {
  return live.some(({ bindings }) => bindings.some(({ name, text }) => name === 'ISSUER_URL' && text === issuer))
}

/** The object host goes last, since all others are bound to it. */
function order(worker: WorkerName): number {
  return worker === objectHost ? 0 : workerTopology(worker).stage
}

function dataSteps(environment: string, { database, kv }: Resources, observed: Observed) {
  const steps: RemovalStep[] = []
  const kept: Kept[] = []
  const decide = (kind: 'database' | 'namespace', id: string, wanted: string, found: string | undefined) => {
    if (found === wanted) steps.push(step(kind, wanted, id))
    else if (found !== undefined)
      kept.push({ what: `${kind} ${found} (${id})`, why: `resources.json calls it ${wanted}` })
  }
  const named = (list: Observed['namespaces'], id: string) => list.find((one) => one.id === id)?.name
  decide('database', database.id, databaseName(environment), named(observed.databases, database.id))
  const namespaces: readonly KvNamespace[] = ['CLIENTS', 'AUTH_CODES', 'REFRESH_TOKENS']
  for (const namespace of namespaces) {
    const titles = namespaceTitles(environment, namespace)
    const { id, previewId } = kv[namespace]
    decide('namespace', id, titles.id, named(observed.namespaces, id))
    decide('namespace', previewId, titles.previewId, named(observed.namespaces, previewId))
  }
  return { steps, kept }
}

function keptData(data: readonly RemovalStep[], present: readonly ObservedWorker[]): Kept[] {
  const host = present.find(({ worker }) => worker === objectHost)
  return [
    ...(host ? [{ what: `Worker ${host.script}`, why: 'its objects hold keys and sessions (--keep-data)' }] : []),
    ...data.map(({ kind, target }) => ({ what: `${kind} ${target}`, why: '--keep-data' })),
  ]
}

function step(kind: RemovalStep['kind'], target: string, id: string): RemovalStep {
  return { kind, target, id }
}
