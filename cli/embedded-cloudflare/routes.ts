import type { Route } from './worker.ts'

/** A route taken apart for the edge, which compares strings and nothing else. */
export type CompiledRoute = {
  worker: string
  /** Lower case; without its leading `*` when `anyPrefix`. */
  host: string
  /** `*.example.com` or `*example.com`: the host may have something in front. */
  anyPrefix: boolean
  /** Path with query, up to the trailing `*`. */
  path: string
  /** No trailing `*`: path and query are exactly `path`. */
  exact: boolean
  scheme?: 'http:' | 'https:'
}

const PATTERN = /^(?:(https?):\/\/)?(\*?[a-z0-9.-]*)(\/[^*?#]*)?(\*)?$/i

/**
 * Takes Cloudflare route patterns apart, most specific first: the host decides, then the longer path, then exactness.
 * A pattern has no query, but is compared to path *and* query, so one without a trailing `*` misses any request with a query.
 */
export function compileRoutes(routes: readonly Route[]): CompiledRoute[] {
  return routes.map(compileRoute).toSorted(bySpecificity)
}

function compileRoute({ pattern, worker }: Route): CompiledRoute {
  const [, scheme, host, path, wildcard] = PATTERN.exec(pattern) ?? []
  if (host === undefined || host === '') throw new TypeError(`not a route pattern: ${pattern}`)
  const anyPrefix = host.startsWith('*')
  return {
    worker,
    host: (anyPrefix ? host.slice(1) : host).toLowerCase(),
    anyPrefix,
    path: path ?? '/',
    exact: wildcard === undefined,
    ...(scheme && { scheme: scheme.toLowerCase() === 'https' ? ('https:' as const) : ('http:' as const) }),
  }
}

function bySpecificity(a: CompiledRoute, b: CompiledRoute): number {
  return (
    Number(a.anyPrefix) - Number(b.anyPrefix) ||
    b.host.length - a.host.length ||
    b.path.length - a.path.length ||
    Number(b.exact) - Number(a.exact)
  )
}
