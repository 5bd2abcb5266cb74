import { OAuthError } from '../protocol/error.ts'
import { type Handler, type Route, WorkerContext, WorkerRequest } from './context.ts'
import { errorResponse } from './error-response.ts'
import { Router } from './router.ts'

export interface WorkerParts<Deps> {
  readonly deps: Deps
  readonly issuer: string
  readonly versionId: string
}

export interface WorkerOptions<Env, Deps> {
  readonly name: string
  /** Reads the bindings, once an isolate. */
  readonly parts: (env: Env) => WorkerParts<Deps>
  readonly routes: readonly Route<Deps>[]
  /** How failures of this Worker look; JSON by default. */
  readonly fail?: (c: WorkerContext<Deps>, error: OAuthError) => Response | Promise<Response>
}

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** The HTTP side that all Workers share: request ids, security headers, methods, health, errors and the log line. */
export function workerApp<Env extends object, Deps>(
  options: WorkerOptions<Env, Deps>,
): { fetch(request: Request, env: Env): Promise<Response> } {
  const fail = options.fail ?? errorResponse
  let parts: WorkerParts<Deps> | undefined

  const health: Route<Deps> = {
    path: `/${options.name}/health`,
    quiet: true,
    GET: (c) => c.json({ worker: options.name, version: parts?.versionId ?? '' }),
  }
  const router = new Router([...options.routes, health])

  async function serve(request: Request): Promise<Response> {
    const found = router.find(new URL(request.url).pathname)
    const c = contextOf(request, found?.params ?? new Map())
    let error: OAuthError | undefined
    let response: Response
    try {
      response = found ? await dispatch(found.route, c) : await fail(c, nothingHere())
    } catch (thrown) {
      error = asOAuthError(thrown)
      response = await fail(c, error)
    }
    finish(c, found?.route, response.headers)
    const isQuiet = !found || found.route.quiet === true || c.req.method === 'OPTIONS'
    if (error || !isQuiet) logRequest(options.name, c, response.status, error)
    return c.req.method === 'HEAD' ? new Response(null, response) : response
  }

  function contextOf(request: Request, params: ReadonlyMap<string, string>): WorkerContext<Deps> {
    if (!parts) throw new Error('a request came before its bindings')
    const requestId = request.headers.get('cf-ray') ?? crypto.randomUUID()
    const now = Math.floor(Date.now() / 1000)
    return new WorkerContext(new WorkerRequest(request, params), { deps: parts.deps, requestId, now, log: {} })
  }

  /** What every answer has. */
  function finish(c: WorkerContext<Deps>, route: Route<Deps> | undefined, headers: Headers): void {
    headers.set('x-request-id', c.var.requestId)
    headers.set('x-content-type-options', 'nosniff')
    headers.set('referrer-policy', 'no-referrer')
    // Unless a handler says otherwise: redirects carry handles and cookies, too.
    if (!headers.has('cache-control')) headers.set('cache-control', 'no-store')
    if (parts?.issuer.startsWith('https:')) headers.set('strict-transport-security', 'max-age=63072000')
    if (route?.cors) {
      headers.set('access-control-allow-origin', '*')
      headers.set('access-control-expose-headers', 'www-authenticate, x-request-id')
    }
  }

  function dispatch(route: Route<Deps>, c: WorkerContext<Deps>): Response | Promise<Response> {
    const handler = handlerOf(route, c.req.method)
    return handler ? handler(c) : withoutHandler(route, c)
  }

  function withoutHandler(route: Route<Deps>, c: WorkerContext<Deps>): Response {
    const allowed = methods.filter((method) => route[method])
    c.header('allow', [...allowed, ...(route.GET ? ['HEAD'] : []), 'OPTIONS'].join(', '))
    if (c.req.method !== 'OPTIONS') throw new OAuthError('method_not_allowed', `use ${allowed.join(' or ')}`)
    if (route.cors) {
      c.header('access-control-allow-methods', allowed.join(', '))
      c.header('access-control-allow-headers', 'authorization, content-type')
      c.header('access-control-max-age', '600')
    }
    return c.body(null, 204)
  }

  return {
    fetch(request, env) {
      parts ??= options.parts(env)
      return serve(request)
    },
  }
}

function nothingHere(): OAuthError {
  return new OAuthError('not_found', 'there is nothing at this address')
}

function handlerOf<Deps>(route: Route<Deps>, method: string): Handler<Deps> | undefined {
  const known = methods.find((each) => each === (method === 'HEAD' ? 'GET' : method))
  return known && route[known]
}

/** A defect of ours is logged whole and answered without detail. */
function asOAuthError(error: unknown): OAuthError {
  return error instanceof OAuthError ? error : new OAuthError('server_error', 'something went wrong', { reason: error })
}

function logRequest<Deps>(worker: string, c: WorkerContext<Deps>, status: number, error: OAuthError | undefined): void {
  const line = {
    level: status >= 500 ? 'error' : 'info',
    worker,
    requestId: c.var.requestId,
    method: c.req.method,
    path: c.req.path,
    status,
    ...c.var.log,
    ...(error && { error: error.code, description: error.message, reason: reasonText(error.reason) }),
  }
  console.log(JSON.stringify(line))
}

/** What went wrong, for the log. */
export function reasonText(reason: unknown): string | undefined {
  if (reason === undefined) return undefined
  if (reason instanceof Error) return reason.stack ?? reason.message
  return typeof reason === 'string' ? reason : JSON.stringify(reason)
}
