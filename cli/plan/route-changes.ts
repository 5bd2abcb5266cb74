import type { Observed } from '../cloudflare/observe.ts'
import type { WorkerChange } from './plan.ts'
import type { WantedWorker } from './wanted.ts'

export interface RouteChanges {
  readonly add: readonly string[]
  readonly remove: WorkerChange['removeRoutes']
  readonly domain: string | null
  /** The same in words; empty when nothing differs. */
  readonly words: readonly string[]
}

/** The routes that a Worker lacks, and those that lead to it without being wanted. */
export function routeChanges(
  { script, routes, domain }: WantedWorker,
  observed: Observed,
  ours: ReadonlySet<string>,
): RouteChanges {
  const add = routes.filter(
    (pattern) => !observed.routes.some((route) => route.pattern === pattern && route.script === script),
  )
  const remove = observed.routes.filter(
    (route) =>
      (route.script === script && !routes.includes(route.pattern)) ||
      // It leads to another of our Workers, as after a release that moved an endpoint.
      (add.includes(route.pattern) && route.script !== script && ours.has(route.script)),
  )
  const hasDomain = observed.domains.some((found) => found.hostname === domain && found.script === script)
  const missing = domain !== undefined && !hasDomain ? domain : null
  return {
    add,
    remove,
    domain: missing,
    words: [
      ...(missing === null ? [] : [`+ custom domain ${missing}`]),
      ...add.map((pattern) => `+ route ${pattern}`),
      ...remove.map(({ pattern, script: from }) => `- route ${pattern}${from === script ? '' : ` of ${from}`}`),
    ],
  }
}
