import { objectHost, type WorkerName, workerTopology } from '../../shared/topology.ts'

export interface Route {
  readonly pattern: string
  readonly custom_domain?: true
  readonly zone_name?: string
}

/**
 * Route patterns of a Worker on a host. Cloudflare matches path and query together, so each ends in `*`; the Worker
 * answers 404 unless its path is exact.
 */
export function routePatterns(worker: WorkerName, host: string): string[] {
  const prefixes = workerTopology(worker).paths.map((path) => path.replace(/\*$/, ''))
  const needed = prefixes.filter((prefix) => !prefixes.some((other) => other !== prefix && prefix.startsWith(other)))
  return needed.map((prefix) => `${host}${prefix}*`)
}

/** The routes of a Worker: the issuer's host as a Custom Domain, before which the others' zone routes go. */
export function routes(worker: WorkerName, host: string, zone: string): Route[] {
  if (worker === objectHost) return [{ pattern: host, custom_domain: true }]
  return routePatterns(worker, host).map((pattern) => ({ pattern, zone_name: zone }))
}
