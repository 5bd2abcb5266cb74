/** templates/wrangler/op-*.toml + an environment + what Cloudflare gave → the wrangler.toml of a Worker. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { parse, stringify, type TomlTable, type TomlValue } from 'smol-toml'
import { type Environment, scriptName, workerVariables } from '../../shared/config.ts'
import { type KvNamespace, publishedWorkers, type WorkerName, workerTopology } from '../../shared/topology.ts'
import { authrimPackage } from '../bundle/package-root.ts'
import { fillPlaceholders, isTable } from './placeholders.ts'
import { routePatterns } from './routes.ts'

/** What an environment has in its Cloudflare account. */
export interface EnvironmentResources {
  readonly accountId?: string
  readonly zone?: string
  /** Routes name the zone by it, since wrangler finds no zone of a single label such as localhost. */
  readonly zoneId?: string
  readonly kv: Readonly<Record<KvNamespace, { readonly id: string; readonly previewId: string }>>
  readonly database: { readonly name: string; readonly id: string }
  /** How the issuer's host reaches op-discovery; a host that serves something else already keeps its DNS record. */
  readonly host?: 'custom-domain' | 'routes' | 'workers-dev'
  /** JSON text of the public JWK that may register the first operator. */
  readonly bootstrapOperatorKey?: string
}

/** Where the installed package is, seen from environments/<env>/op-*; slashes on every system. */
export interface PackageFolders {
  readonly bundles: string
  readonly migrations: string
}

const installed: PackageFolders = {
  bundles: '../../../node_modules/authrim/dist/workers',
  migrations: '../../../node_modules/authrim/templates/migrations',
}

const header = `# Written by authrim from authrim.json: change that file instead.
# \`authrim deploy\` overwrites changes made here by hand only with --force, and shows them first.
`

/** The template of a Worker as its author wrote it. */
export function wranglerTemplate(worker: WorkerName, root = authrimPackage().root): string {
  return readFileSync(join(root, 'templates/wrangler', `${worker}.toml`), 'utf8')
}

/** The wrangler.toml of a Worker in an environment. Every value is data: none can add a line or a binding. */
export function renderWranglerToml(
  worker: WorkerName,
  environment: Environment,
  resources: EnvironmentResources,
  folders: PackageFolders = installed,
): string {
  const table = wranglerTable(worker, environment, resources, folders)
  const body = stringify(table)
  const text = `${header}# sha256 ${digestOf(body)}\n${body}`
  if (!isDeepStrictEqual(plain(parse(text)), plain(table))) {
    throw new Error(`wrangler.toml of ${worker} does not say what was put into it`)
  }
  return text
}

/** True when the text is not as authrim wrote it: the digest in its header is of something else. */
export function isEditedByHand(text: string): boolean {
  const [, written, body] = /^# sha256 ([0-9a-f]{64})\n([^]*)$/m.exec(text) ?? []
  return body === undefined || digestOf(body) !== written
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** What the wrangler.toml of a Worker says. */
export function wranglerTable(
  worker: WorkerName,
  environment: Environment,
  resources: EnvironmentResources,
  folders: PackageFolders = installed,
): TomlTable {
  const variables = workerVariables(environment, worker, resources.bootstrapOperatorKey)
  const zone = resources.zone ?? environment.zone
  const { account_id, routes, vars, ratelimits, ...rest } = fillPlaceholders(parse(wranglerTemplate(worker)), {
    ...variables,
    ...placeholders(environment, resources),
    ...folders,
  })
  return {
    ...rest,
    // Without an account wrangler asks CLOUDFLARE_ACCOUNT_ID, and without a zone there is nothing to route.
    ...(account_id ? { account_id } : {}),
    ...(Array.isArray(routes) && zone !== undefined
      ? { routes: placedRoutes(worker, environment, resources, routes) }
      : {}),
    vars: { ...(isTable(vars) ? vars : {}), ...variables },
    ...(Array.isArray(ratelimits) ? { ratelimits: ratelimits.map((limit) => withLimit(limit, environment)) } : {}),
  }
}

function placedRoutes(
  worker: WorkerName,
  { issuer }: Environment,
  { host, zone, zoneId }: EnvironmentResources,
  routes: readonly TomlValue[],
): TomlValue[] {
  const patterns = host === 'routes' ? routePatterns(worker, new URL(issuer).hostname) : undefined
  const placed: readonly TomlValue[] = patterns?.map((pattern) => ({ pattern, zone_name: zone ?? '' })) ?? routes
  if (zoneId === undefined) return [...placed]
  return placed.map((route) => {
    if (!isTable(route) || route['custom_domain'] === true) return route
    const { zone_name: _name, ...rest } = route
    return { ...rest, zone_id: zoneId }
  })
}

/** Values that do not depend on the Worker, by placeholder. */
function placeholders(environment: Environment, resources: EnvironmentResources): Record<string, string> {
  const { hostname } = new URL(environment.issuer)
  const values: Record<string, string> = {
    host: hostname,
    accountId: resources.accountId ?? environment.accountId ?? '',
    zone: resources.zone ?? environment.zone ?? '',
    'database.name': resources.database.name,
    'database.id': resources.database.id,
  }
  for (const [namespace, { id, previewId }] of Object.entries(resources.kv)) {
    values[`kv.${namespace}.id`] = id
    values[`kv.${namespace}.previewId`] = previewId
  }
  for (const name of publishedWorkers) {
    values[`script.${name}`] = scriptName(environment.name, name)
    for (const { binding } of workerTopology(name).rateLimits) {
      values[`rateLimit.${binding}`] = rateLimitNamespace(environment.name, binding)
    }
  }
  return values
}

/** Counters are shared by all Workers of an account that name the same number, so each environment has its own. */
export function rateLimitNamespace(environmentName: string, binding: string): string {
  const digest = createHash('sha256').update(`authrim/${environmentName}/${binding}`).digest()
  return String((digest.readUInt32BE(0) >>> 1) + 1)
}

/** The operator's limit in place of the template's. */
function withLimit(limit: TomlTable[string], environment: Environment): TomlTable[string] {
  if (!isTable(limit) || typeof limit['name'] !== 'string') return limit
  const chosen = environment.rateLimits[limit['name']]
  return chosen && isTable(limit['simple']) ? { ...limit, simple: { ...limit['simple'], ...chosen } } : limit
}

/** Parsed TOML has tables without a prototype; comparing needs them plain. */
function plain(table: TomlTable): unknown {
  return JSON.parse(JSON.stringify(table))
}
