import { compileRoutes } from './routes.ts'
import { databaseBinding, type SqlDoor, sqlDoorEntrypoint, sqlDoorScript, sqlDoorSecret } from './sql-door.ts'
import type { LocalWorker, Route } from './worker.ts'

export const edgeName = 'cloudflare-edge'

/** The entrypoint behind the second listener, since a socket belongs to an entrypoint. */
export const secondListener = 'SecondListener'

/**
 * The edge is a Worker beside the others: a front in Node, or miniflare's own entry Worker, costs more than the
 * endpoints behind it. Host names that no route has are 421, so a page on another name cannot reach a local Worker.
 */
const script = `
import { WorkerEntrypoint } from 'cloudflare:workers'

function pass(request, env) {
  const { protocol, hostname, href, origin } = new URL(request.url)
  const target = href.slice(origin.length)
  let known = false
  for (const route of env.ROUTES) {
    if (route.anyPrefix ? !hostname.endsWith(route.host) : hostname !== route.host) continue
    known = true
    if (route.scheme && route.scheme !== protocol) continue
    if (route.exact ? target !== route.path : !target.startsWith(route.path)) continue
    return env[route.worker].fetch(withAddress(request))
  }
  return known
    ? new Response('No Worker has a route for this path.\\n', { status: 404 })
    : new Response('This host name is not served here.\\n', { status: 421 })
}

function withAddress(request) {
  if (request.headers.has('cf-connecting-ip')) return request
  const headers = new Headers(request.headers)
  headers.set('cf-connecting-ip', '127.0.0.1')
  return new Request(request, { headers })
}

export default { fetch: pass }

export class ${secondListener} extends WorkerEntrypoint {
  fetch(request) {
    return pass(request, this.env)
  }
}
${sqlDoorScript}`

export interface EdgeParts {
  readonly routes: readonly Route[]
  readonly compatibilityDate: string
  /** What the door leads to, by their ids. */
  readonly databases: readonly string[]
  readonly door: SqlDoor
}

/** The Worker that receives every request and hands it to the Worker whose route it matches. */
export function edgeWorker({ routes, compatibilityDate, databases, door }: EdgeParts): LocalWorker {
  const targets = new Set(routes.map(({ worker }) => worker))
  return {
    name: edgeName,
    script,
    compatibilityDate,
    compatibilityFlags: [],
    bindings: {
      ROUTES: { type: 'json', value: compileRoutes(routes) },
      ...Object.fromEntries([...targets].map((worker) => [worker, { type: 'worker', worker } as const])),
      ...Object.fromEntries(databases.map((id) => [databaseBinding(id), { type: 'd1', id } as const])),
      [sqlDoorSecret]: { type: 'text', value: door.secret },
    },
    objects: [],
    entrypoints: [secondListener, sqlDoorEntrypoint],
  }
}
