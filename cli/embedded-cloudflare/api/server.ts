import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { takeUpload } from '../endpoints/d1-import.ts'
import { type Answer, envelope, failure } from './answer.ts'
import { ApiError } from './api-error.ts'
import type { ApiLog } from './api-log.ts'
import { Call } from './call.ts'
import { type Endpoint, findEndpoint } from './endpoint.ts'
import type { Faults, FaultKind } from './fault.ts'
import { answerWithFault, sendWithFault } from './fault-effect.ts'
import { foreignRequest } from './guard.ts'
import { requirePermission, type Tokens } from './token.ts'

export const basePath = '/client/v4'

export interface ApiServerInit {
  readonly endpoints: readonly Endpoint[]
  readonly tokens: Tokens
  readonly faults: Faults
  readonly log: ApiLog
  /** An error of the embedded Cloudflare itself. */
  readonly onError: (error: unknown) => void
  /** A path that it does not know. */
  readonly onUnknown: (method: string, path: string) => void
}

/** The v4 API on node:http: guard, faults, token, permission, endpoint, envelope, log. */
export function createApiServer(init: ApiServerInit): Server {
  return createServer((incoming, response) => {
    respond(init, incoming, response).catch((error: unknown) => {
      init.onError(error)
      response.destroy()
    })
  })
}

async function respond(init: ApiServerInit, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams, search } = new URL(incoming.url ?? '/', 'http://localhost')
  const method = incoming.method ?? 'GET'
  const path = pathname.startsWith(basePath) ? pathname.slice(basePath.length) : pathname
  const begin = performance.now()
  const foreign = foreignRequest(incoming)
  const fault = foreign === undefined ? init.faults.meet(method, path) : undefined
  const log = (status: number) =>
    init.log.add({
      time: new Date(),
      method,
      path,
      query: search,
      status,
      milliseconds: performance.now() - begin,
      ...(fault && { fault: fault.type }),
    })
  if (foreign !== undefined) {
    response.writeHead(403, { 'content-type': 'text/plain' }).end(`${foreign}\n`)
    return log(403)
  }
  const body = await buffer(incoming)
  if (fault?.type === 'slow') await new Promise((resolve) => setTimeout(resolve, fault.milliseconds))
  if (answerWithFault(fault, response)) return log(statusOf(fault))
  if (pathname.startsWith('/d1-upload/')) {
    const etag = takeUpload(pathname, body)
    response.writeHead(etag === undefined ? 404 : 200, etag === undefined ? {} : { etag }).end()
    return log(response.statusCode)
  }
  const sent = await serve(init, { method, path, query: searchParams, headers: incoming.headers, body })
  log(fault?.type === 'commit-then-close' ? 0 : sent.status)
  sendWithFault(fault, response, sent)
}

async function serve(
  { endpoints, tokens, onError, onUnknown }: ApiServerInit,
  { method, path, ...request }: Pick<Call, 'method' | 'query' | 'headers' | 'body'> & { path: string },
) {
  const headers = { 'content-type': 'application/json' }
  try {
    const token = tokens.authenticate(request.headers.authorization)
    const found = findEndpoint(endpoints, method, path)
    if (!found) {
      onUnknown(method, path)
      throw new ApiError(501, 7000, `${method} ${path} is not part of the embedded Cloudflare.`)
    }
    const { permission, handle } = found.endpoint
    if (permission !== undefined) requirePermission(token, permission)
    return success(await handle(new Call({ token, method, params: found.params, ...request })))
  } catch (error) {
    if (error instanceof ApiError) return { status: error.status, headers, body: failure(error.code, error.message) }
    onError(error)
    return { status: 500, headers, body: failure(10001, error instanceof Error ? error.message : String(error)) }
  }
}

function success(answer: Answer) {
  if ('raw' in answer) {
    return { status: 200, headers: { 'content-type': answer.contentType, ...answer.headers }, body: answer.raw }
  }
  return { status: answer.status ?? 200, headers: { 'content-type': 'application/json' }, body: envelope(answer) }
}

function statusOf(fault: FaultKind | undefined): number {
  if (fault?.type === 'status') return fault.status
  return fault?.type === 'html' ? (fault.status ?? 200) : 0
}
