import { OAuthError, invalidRequest } from '../protocol/error.ts'
import type { WorkerContext } from './context.ts'
import { errorResponse } from './error-response.ts'
import { readForm } from './form.ts'

/** The errors that RFC 6750 §3.1 defines; others concern the request and no token would help. */
const challenged: ReadonlySet<string> = new Set(['invalid_request', 'invalid_token', 'insufficient_scope'])

/**
 * The access token of a resource request: in the header or, on POST, in the form; never in the address
 * (RFC 6750 §2). Undefined when there is none at all.
 * @throws OAuthError invalid_request for two at once or one in the query.
 */
export async function bearerToken(request: Request): Promise<string | undefined> {
  const header = request.headers.get('authorization')
  const inHeader = header === null ? undefined : /^bearer +([\w.~+/-]+=*)$/i.exec(header)?.[1]
  if (header !== null && inHeader === undefined) throw new OAuthError('invalid_token', 'the credentials are malformed')
  if (new URL(request.url).searchParams.has('access_token'))
    throw invalidRequest('an access token does not belong into the address')
  const inBody = isForm(request) ? (await readForm(request)).unrepeated().get('access_token') : undefined
  if (inHeader !== undefined && inBody !== undefined) throw invalidRequest('more than one access token')
  return inHeader ?? inBody
}

/** The text of the bearer token in the header; undefined when there is none. */
export function bearerText<Deps>(c: WorkerContext<Deps>): string | undefined {
  return /^bearer +([\w.~+/-]+=*)$/i.exec(c.req.header('authorization') ?? '')?.[1]
}

/** A refusal with the challenge of RFC 6750 §3; without an error code if the request had no token at all. */
export function bearerChallenge<Deps>(c: WorkerContext<Deps>, error: OAuthError | undefined): Response {
  if (!error) {
    c.header('www-authenticate', 'Bearer')
    c.header('cache-control', 'no-store')
    return c.body(null, 401)
  }
  if (challenged.has(error.code))
    c.header('www-authenticate', `Bearer error="${error.code}", error_description="${error.message}"`)
  return errorResponse(c, error)
}

function isForm(request: Request): boolean {
  const type = request.headers.get('content-type') ?? ''
  return request.method === 'POST' && type.toLowerCase().startsWith('application/x-www-form-urlencoded')
}
