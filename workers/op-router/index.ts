import {
  objectHost,
  router,
  serviceBinding,
  type WorkerName,
  workerNames,
  workerTopology,
} from '../../shared/topology.ts'

/** The other Workers, by the names of `serviceBinding`. */
type Env = Readonly<Record<string, unknown>> & { readonly VERSION: WorkerVersionMetadata }

/** Exact paths and prefixes of every Worker, the longest first. */
const places = workerNames
  .flatMap((worker) => workerTopology(worker).paths.map((path) => ({ worker, path })))
  .toSorted((a, b) => b.path.length - a.path.length)

/** The Worker that serves a path; what no other has is answered 404 by the one that hosts the objects. */
export function workerOf(pathname: string): WorkerName {
  const place = places.find(({ path }) =>
    path.endsWith('/*') ? pathname.startsWith(path.slice(0, -1)) : pathname === path,
  )
  return place?.worker ?? objectHost
}

/**
 * All Workers on one origin for an account without a zone, in place of zone routes. A request is passed on as it came,
 * with the header that chooses versions.
 */
export default {
  fetch(request: Request, env: Env): Response | Promise<Response> {
    const { pathname } = new URL(request.url)
    if (pathname === `/${router}/health`) return Response.json({ worker: router, version: env.VERSION.id })
    const service = env[serviceBinding(workerOf(pathname))]
    return isService(service)
      ? service.fetch(request)
      : new Response('This part is not deployed yet.\n', { status: 503 })
  },
}

function isService(binding: unknown): binding is Pick<Fetcher, 'fetch'> {
  return typeof binding === 'object' && binding !== null && 'fetch' in binding
}
