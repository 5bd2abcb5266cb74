import { Hono } from 'hono/tiny'
import { OAuthError } from '../protocol/error.ts'
import type { Handler, RequestVariables, Route, WorkerContext } from './context.ts'
import { errorResponse } from './error-response.ts'
import type { ReadyAnswers } from './ready-answers.ts'

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
  /** Where answers are kept that are the same for everyone. */
  readonly ready?: ReadyAnswers
}

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** The HTTP side that all Workers share: request ids, security headers, methods, health, errors and the log line. */
export function workerApp<Env extends object, Deps>(
  options: WorkerOptions<Env, Deps>,
): { fetch(request: Request, env: Env, ctx: ExecutionContext): Response | Promise<Response> } {
  const app = new Hono<{ Variables: RequestVariables<Deps> }>()
  const fail = options.fail ?? errorResponse
  let parts: WorkerParts<Deps> | undefined

  const health: Route<Deps> = {
    path: `/${options.name}/health`,
    quiet: true,
    GET: (c) => c.json({ worker: options.name, version: parts?.versionId ?? '' }),
  }
  // One handler a route and no middleware: Hono then calls it straight, without composing a chain for each request.
  for (const route of [...options.routes, health]) {
    app.all(route.path, (c) => serve(c, isExact(route, c.req.path) ? route : undefined))
  }
  app.notFound((c) => serve(c, undefined))

  async function serve(c: WorkerContext<Deps>, route: Route<Deps> | undefined): Promise<Response> {
    begin(c)
    let error: OAuthError | undefined
    let response: Response
    try {
      response = route ? await dispatch(route, c) : await fail(c, nothingHere())
    } catch (thrown) {
      error = asOAuthError(thrown)
      response = await fail(c, error)
    }
    finish(c, route, response.headers)
    const answer = c.get('ready')
    if (route && answer && c.req.method === 'GET') options.ready?.keep(route.path, answer, response.headers)
    const isQuiet = !route || route.quiet === true || c.req.method === 'OPTIONS'
    if (error || !isQuiet) logRequest(options.name, c, response.status, error)
    return response
  }

  function begin(c: WorkerContext<Deps>): void {
    if (!parts) throw new Error('a request came before its bindings')
    c.set('deps', parts.deps)
    c.set('requestId', c.req.header('cf-ray') ?? crypto.randomUUID())
    c.set('now', Math.floor(Date.now() / 1000))
    c.set('log', {})
  }

  /** Set on the finished answer: what a context is given before is copied twice on its way into the response. */
  function finish(c: WorkerContext<Deps>, route: Route<Deps> | undefined, headers: Headers): void {
    headers.set('x-request-id', c.get('requestId'))
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
    fetch(request, env, ctx) {
      parts ??= options.parts(env)
      return options.ready?.find(request) ?? app.fetch(request, env, ctx)
    },
  }
}

/** The router takes a trailing slash for nothing; our paths are exact. */
function isExact<Deps>(route: Route<Deps>, path: string): boolean {
  return !path.endsWith('/') || route.path.endsWith('*')
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
    requestId: c.get('requestId'),
    method: c.req.method,
    path: c.req.path,
    status,
    ...c.get('log'),
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
