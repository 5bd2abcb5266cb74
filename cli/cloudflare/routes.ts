/** Zone routes and custom domains: which path goes to which Worker. */
import { type AccountApi, attempt, everyItem } from './account-api.ts'
import { hasCode, hasStatus } from './failure.ts'

export interface ZoneRoute {
  readonly id: string
  readonly pattern: string
  readonly script: string
}

/** The routes of a zone. */
export function listRoutes({ client }: AccountApi, zoneId: string): Promise<ZoneRoute[]> {
  return attempt('Listing the routes', routesPath(zoneId), async () =>
    (await everyItem(client.workers.routes.list({ zone_id: zoneId }))).map(({ id, pattern, script }) => ({
      id,
      pattern,
      script: script ?? '',
    })),
  )
}

/** Sends a pattern to a script; one that an earlier attempt made is kept. */
export function ensureRoute(account: AccountApi, zoneId: string, pattern: string, script: string): Promise<void> {
  return attempt(`Adding the route ${pattern}`, routesPath(zoneId), async () => {
    try {
      await account.client.workers.routes.create({ zone_id: zoneId, pattern, script })
    } catch (error) {
      if (!hasCode(error, 10020)) throw error
      const existing = (await listRoutes(account, zoneId)).find((route) => route.pattern === pattern)
      if (existing?.script !== script) throw error
    }
  })
}

/** Removes a route; one that is gone already is no failure. */
export function removeRoute({ client }: AccountApi, zoneId: string, route: ZoneRoute): Promise<void> {
  return attempt(`Removing the route ${route.pattern}`, routesPath(zoneId), async () => {
    try {
      await client.workers.routes.delete(route.id, { zone_id: zoneId })
    } catch (error) {
      if (!hasStatus(error, 404)) throw error
    }
  })
}

export interface CustomDomain {
  readonly id: string
  readonly hostname: string
  readonly script: string
}

/** The custom domains of an account that are this host. */
export function listDomains(account: AccountApi, hostname: string): Promise<CustomDomain[]> {
  return attempt('Listing the custom domains', account.path('workers/domains'), async () =>
    (await everyItem(account.client.workers.domains.list({ account_id: account.id, hostname })))
      .filter((domain) => domain.hostname === hostname)
      .map(({ id, service }) => ({ id, hostname, script: service })),
  )
}

/** Makes a host a script's custom domain, with DNS record and certificate. Repeatable. */
export function ensureDomain(account: AccountApi, zoneId: string, hostname: string, script: string): Promise<void> {
  return attempt(`Making ${hostname} a custom domain`, account.path('workers/domains'), async () => {
    await account.client.workers.domains.update({ account_id: account.id, hostname, service: script, zone_id: zoneId })
  })
}

function routesPath(zoneId: string): string {
  return `/zones/${zoneId}/workers/routes`
}
