import { type Environment, scriptName, workerVariables } from '../../shared/config.ts'
import { keyLease, objectHost, objects, type WorkerName, workerNames, workerTopology } from '../../shared/topology.ts'
import type { Binding, Json, LocalWorker, Route } from '../embedded-cloudflare/worker.ts'
import { rateLimitNamespace } from '../render/wrangler-toml.ts'
import { routePatterns } from '../render/routes.ts'

/** The code of each Worker. */
export type Scripts = ReadonlyMap<WorkerName, string>

export interface LocalSettings {
  readonly environment: Environment
  /** AUTHRIM_SECRET: seals the keys. */
  readonly secret: string
  /** JSON text of the public JWK of the first operator. */
  readonly bootstrapOperatorKey: string
  /** Variables that replace those of the environment, in every Worker that has them. */
  readonly variables?: Readonly<Record<string, string>>
  readonly directPorts?: ReadonlyMap<WorkerName, number>
  /** Without limits, for tests and measurements whose requests all come from one address. */
  readonly unlimited?: boolean
}

/** The newest runtime that everything was tested with; the same as in templates/wrangler. */
const compatibility = {
  compatibilityDate: '2026-11-01',
  compatibilityFlags: ['nodejs_compat', 'global_fetch_strictly_public'],
} as const

/** The id of the database. */
export const localDatabase = 'DB'

/** What the topology says of every Worker, as the embedded Cloudflare takes it. */
export function localWorkers(scripts: Scripts, settings: LocalSettings): LocalWorker[] {
  return workerNames.map((worker) => {
    const directPort = settings.directPorts?.get(worker)
    const { schedules } = workerTopology(worker)
    return {
      ...compatibility,
      name: scriptName(settings.environment.name, worker),
      script: scripts.get(worker) ?? missing(worker),
      bindings: bindings(worker, settings),
      objects: worker === objectHost ? Object.keys(objects) : [],
      entrypoints: worker === objectHost ? [keyLease.entrypoint] : [],
      ...(schedules && { schedules }),
      ...(directPort !== undefined && { directPort }),
    }
  })
}

/** Zone routes on the issuer's host; what no other Worker has goes to the one that holds the host itself. */
export function localRoutes({ name, issuer }: Environment): Route[] {
  const { hostname } = new URL(issuer)
  return [
    ...workerNames.flatMap((worker) =>
      routePatterns(worker, hostname).map((pattern) => ({ pattern, worker: scriptName(name, worker) })),
    ),
    { pattern: `${hostname}/*`, worker: scriptName(name, objectHost) },
  ]
}

function bindings(worker: WorkerName, settings: LocalSettings): Record<string, Binding> {
  const { environment, secret, bootstrapOperatorKey, variables = {}, unlimited = false } = settings
  const host = scriptName(environment.name, objectHost)
  const { kv, database, objects: classes, leases, rateLimits, secrets } = workerTopology(worker)
  const own = workerVariables(environment, worker, bootstrapOperatorKey)
  const vars = Object.entries(own).map(([name, value]) => [name, text(variables[name] ?? value)] as const)
  return {
    ...Object.fromEntries(vars),
    ...Object.fromEntries(secrets.map((name) => [name, text(secret)])),
    ...Object.fromEntries(kv.map((name) => [name, { type: 'kv', id: name } as const])),
    ...(database && { DB: { type: 'd1', id: localDatabase } as const }),
    ...Object.fromEntries(
      classes.map((className) => [objects[className], { type: 'durable-object', worker: host, className } as const]),
    ),
    ...(leases.length > 0 && {
      [keyLease.binding]: {
        type: 'worker',
        worker: host,
        entrypoint: keyLease.entrypoint,
        props: { uses: [...leases] satisfies Json },
      } as const,
    }),
    ...Object.fromEntries(
      rateLimits.map(({ binding, ...limit }) => [
        binding,
        {
          type: 'rate-limit',
          namespace: rateLimitNamespace(environment.name, binding),
          ...limit,
          ...environment.rateLimits[binding],
          ...(unlimited && { limit: 1_000_000 }),
        } as const,
      ]),
    ),
    VERSION: { type: 'version-metadata' },
  }
}

function text(value: string): Binding {
  return { type: 'text', value }
}

function missing(worker: WorkerName): never {
  throw new Error(`there is no code of ${worker}`)
}
