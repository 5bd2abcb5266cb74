import * as v from 'valibot'
import { objectHost, type WorkerName } from '../../shared/topology.ts'
import type { AccountApi } from './account-api.ts'
import { listDatabases, listNamespaces, type Named, queryDatabase } from './resources.ts'
import { type CustomDomain, listDomains, listRoutes, type ZoneRoute } from './routes.ts'
import { listSchedules } from './schedules.ts'
import {
  type Deployment,
  listDeployments,
  listVersions,
  readMigrationTag,
  readVersion,
  type Version,
  type VersionSummary,
} from './scripts.ts'

/** A script as it is: what serves, with which share, and what else was uploaded. */
export interface ObservedWorker {
  readonly worker: WorkerName
  readonly script: string
  readonly deployment: Deployment
  /** The versions of the deployment, the greatest share first. */
  readonly live: readonly (Version & { readonly percentage: number })[]
  /** The newest version of the wanted tag that gets no traffic yet. */
  readonly candidate: Version | undefined
  readonly versions: readonly VersionSummary[]
  /** When it runs by itself, in cron's words. */
  readonly schedules: readonly string[]
  /** The last Durable Object migration of the script, where it has objects. */
  readonly migrationTag: string | undefined
}

/** What the account has of an environment, as plain data. */
export interface Observed {
  readonly namespaces: readonly Named[]
  readonly databases: readonly Named[]
  /** Names of the migrations that the database has had. */
  readonly migrations: readonly string[]
  readonly workers: readonly ObservedWorker[]
  readonly routes: readonly ZoneRoute[]
  readonly domains: readonly CustomDomain[]
}

/** Where to look. */
export interface ObservedPlaces {
  readonly scripts: readonly { readonly worker: WorkerName; readonly script: string; readonly tag?: string }[]
  /** Undefined where the issuer is an address of workers.dev. */
  readonly zoneId: string | undefined
  readonly host: string
  readonly databaseId: string
}

/** Looks at everything that authrim has in the account. Changes nothing. */
export async function observe(account: AccountApi, places: ObservedPlaces): Promise<Observed> {
  const [namespaces, databases, workers, routes, domains] = await Promise.all([
    listNamespaces(account),
    listDatabases(account),
    Promise.all(places.scripts.map((place) => observeWorker(account, place))),
    places.zoneId === undefined ? [] : listRoutes(account, places.zoneId),
    places.zoneId === undefined ? [] : listDomains(account, places.host),
  ])
  const known = databases.some(({ id }) => id === places.databaseId)
  return {
    namespaces,
    databases,
    migrations: known ? await appliedMigrations(account, places.databaseId) : [],
    workers: workers.filter((worker) => worker !== undefined),
    routes,
    domains,
  }
}

/** A script with the versions that serve; undefined when there is none. `tag` is that of the version to look for. */
export async function observeWorker(
  account: AccountApi,
  { worker, script, tag }: ObservedPlaces['scripts'][number],
): Promise<ObservedWorker | undefined> {
  const [deployments, versions, schedules, migrationTag] = await Promise.all([
    listDeployments(account, script),
    listVersions(account, script),
    listSchedules(account, script),
    worker === objectHost ? readMigrationTag(account, script) : undefined,
  ])
  const deployment = deployments?.[0]
  if (deployment === undefined) return undefined
  const serving = new Set(deployment.versions.map(({ id }) => id))
  const found =
    tag === undefined ? undefined : versions.find((version) => version.tag === tag && !serving.has(version.id))
  const [live, candidate] = await Promise.all([
    Promise.all(
      deployment.versions.map(async ({ id, percentage }) => ({
        ...(await readVersion(account, script, id)),
        percentage,
      })),
    ),
    found && readVersion(account, script, found.id),
  ])
  return {
    worker,
    script,
    deployment,
    live: live.toSorted((a, b) => b.percentage - a.percentage),
    candidate,
    versions,
    schedules,
    migrationTag,
  }
}

async function appliedMigrations(account: AccountApi, databaseId: string): Promise<string[]> {
  const tables = await queryDatabase(
    account,
    databaseId,
    { sql: "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'd1_migrations'" },
    v.object({ name: v.string() }),
  )
  if (tables.length === 0) return []
  const rows = await queryDatabase(
    account,
    databaseId,
    { sql: 'SELECT name FROM d1_migrations ORDER BY id' },
    v.object({ name: v.string() }),
  )
  return rows.map(({ name }) => name)
}
