import { objectHost } from '../../shared/topology.ts'
import type { Observed } from '../cloudflare/observe.ts'
import { secretNames } from './bindings.ts'
import { databaseName, namespaceTitles } from './names.ts'
import type { Wanted, WantedWorker } from './wanted.ts'

/** Something that must be put right before a plan can be applied. */
export interface Problem {
  readonly message: string
  readonly hint: string
}

/** Everything in the way of a deployment. */
export function problemsOf(
  wanted: Wanted,
  selected: readonly WantedWorker[],
  observed: Observed,
  ours: ReadonlySet<string>,
  force: boolean,
): Problem[] {
  return [
    ...missingResources(wanted, observed),
    ...missingHost(selected, observed),
    ...foreignRoutes(selected, observed, ours),
    ...(force ? [] : lostSecrets(selected, observed)),
  ]
}

function missingResources(wanted: Wanted, observed: Observed): Problem[] {
  const { kv, database } = wanted.resources
  const hint = `Find or make them: authrim init --env ${wanted.environment}`
  const namespaces = Object.entries(kv).flatMap(([name, { id }]) => {
    const titles = Object.entries(namespaceTitlesByBinding(wanted.environment)).find(([binding]) => binding === name)
    const found = observed.namespaces.find((namespace) => namespace.id === id)
    if (found && found.name === titles?.[1]) return []
    return [
      found
        ? `resources.json gives ${name} the KV namespace ${id}, which is ${found.name} and not authrim’s of ${wanted.environment}.`
        : `The KV namespace ${name} (${id}) of resources.json is not in the account.`,
    ]
  })
  const found = observed.databases.find(({ id }) => id === database.id)
  const databases =
    found?.name === database.name && database.name === databaseName(wanted.environment)
      ? []
      : [`The D1 database ${database.name} (${database.id}) of resources.json is not in the account.`]
  return [...namespaces, ...databases].map((message) => ({ message, hint }))
}

function namespaceTitlesByBinding(environment: string): Record<string, string> {
  return {
    CLIENTS: namespaceTitles(environment, 'CLIENTS').id,
    AUTH_CODES: namespaceTitles(environment, 'AUTH_CODES').id,
    REFRESH_TOKENS: namespaceTitles(environment, 'REFRESH_TOKENS').id,
  }
}

/** Every Worker binds classes of the object host, so that one must be there or come first. */
function missingHost(selected: readonly WantedWorker[], observed: Observed): Problem[] {
  const others = selected.filter(({ worker }) => worker !== objectHost)
  const there = observed.workers.some(({ worker }) => worker === objectHost)
  if (there || others.length === 0 || others.length < selected.length) return []
  return [
    {
      message: `${others[0]?.worker} needs ${objectHost}, which is not deployed yet.`,
      hint: 'Deploy everything once: authrim deploy',
    },
  ]
}

function foreignRoutes(selected: readonly WantedWorker[], observed: Observed, ours: ReadonlySet<string>): Problem[] {
  const hint = 'Remove it in the dashboard, or choose another host in authrim.json.'
  return selected.flatMap(({ routes, domain }) => [
    ...observed.routes
      .filter(({ pattern, script }) => routes.includes(pattern) && !ours.has(script))
      .map(({ pattern, script }) => ({
        message: `The route ${pattern} belongs to ${script === '' ? 'no Worker (it is switched off)' : `another Worker, ${script}`}.`,
        hint,
      })),
    ...observed.domains
      .filter(({ hostname, script }) => hostname === domain && !ours.has(script))
      .map(({ hostname, script }) => ({
        message: `The host ${hostname} is a custom domain of another Worker, ${script}.`,
        hint,
      })),
  ])
}

/** A secret that a Worker had objects sealed under cannot be made again. */
function lostSecrets(selected: readonly WantedWorker[], observed: Observed): Problem[] {
  return selected.flatMap((wanted) => {
    const found = observed.workers.find(({ worker }) => worker === wanted.worker)
    const [live] = found?.live ?? []
    if (!live) return []
    return wanted.secrets
      .filter((name) => !secretNames(live.bindings).includes(name))
      .map((name) => ({
        message: `${wanted.worker} has lost its secret ${name}; the keys sealed under it cannot be opened with another.`,
        hint: `Put the old value into the variable ${name} and run: authrim deploy --force\nWithout it, that makes a new one, and every key and session is lost.`,
      }))
  })
}
