import { reasonText } from '../../shared/http/app.ts'
import { readForm } from '../../shared/http/form.ts'
import { responseTarget } from '../../shared/protocol/authorization-request.ts'
import type { Client } from '../../shared/protocol/client.ts'
import { OAuthError } from '../../shared/protocol/error.ts'
import { Parameters } from '../../shared/protocol/parameters.ts'
import { knownBrowser, markedBrowser } from '../../shared/http/browser.ts'
import { type Flow, proceed } from './flow.ts'
import type { AuthContext } from './deps.ts'
import { errorPage } from './html.ts'
import type { StoredInteraction } from '../../shared/http/interactions.ts'
import { isPushedRequestUri } from './pushed-requests.ts'
import { respondError } from './respond.ts'

/** Longer requests are pushed (RFC 9126) or posted; browsers and proxies cut longer addresses anyway. Characters. */
const longestQuery = 16_384

/** Authorization endpoint, RFC 6749 §3.1, OpenID Connect Core §3.1.2.1. */
export async function authorize(c: AuthContext): Promise<Response> {
  const query = new URL(c.req.url).search
  if (query.length > longestQuery) throw new OAuthError('payload_too_large', 'the request is too long')
  const params = new Parameters(new URLSearchParams(query))
  const resumed = params.get('client_id') === undefined ? params.get('interaction') : undefined
  return resumed === undefined ? begin(c, params) : resume(c, resumed)
}

/**
 * The same request as a form (Core §3.1.2.1). Posted from the client's site it comes without our cookies, so it is
 * kept and taken up by a GET of our own, where the session can be read.
 */
export async function authorizeByPost(c: AuthContext): Promise<Response> {
  const { deps, now } = c.var
  const params = await readForm(c.req.raw)
  const read = await readRequest(c, params)
  if (read instanceof Response) return read
  const stored = await deps.interactions.start(
    c.req.raw,
    { v: 1, purpose: 'authorize', params: params.entries(), startedAt: now },
    now,
  )
  return c.redirect(`/authorize?${new URLSearchParams({ interaction: stored.handle })}`, 303)
}

async function begin(c: AuthContext, params: Parameters): Promise<Response> {
  const read = await readRequest(c, params)
  return read instanceof Response ? read : proceedWith(c, { ...read, interaction: undefined })
}

/** Takes up what a form post or an earlier page left. */
async function resume(c: AuthContext, text: string): Promise<Response> {
  const { deps, now } = c.var
  const found = await deps.interactions.find(text, now)
  if (!found || found.record.purpose !== 'authorize') return errorPage(c, 'expired_interaction', 400)
  if (found.record.browser !== undefined && found.record.browser !== (await knownBrowser(c))?.id)
    return errorPage(c, 'other_browser', 400)
  const browser = await markedBrowser(c)
  const interaction = found.record.browser ? found : await deps.interactions.update(found, { browser: browser.id }, now)
  const read = await readStoredRequest(c, interaction)
  return read instanceof Response ? read : proceedWith(c, { ...read, interaction })
}

/** The request an interaction began with; a pushed one may have expired meanwhile and still counts. */
export async function readStoredRequest(
  c: AuthContext,
  interaction: StoredInteraction,
): Promise<Omit<Flow, 'interaction'> | Response> {
  const { params, pushed } = interaction.record
  const read = await readRequest(c, new Parameters(params))
  return read instanceof Response ? read : { ...read, pushed: pushed ?? read.pushed }
}

/** Takes the next step; what is refused or fails from here on is the client's to know (RFC 6749 §4.1.2.1). */
export async function proceedWith(c: AuthContext, flow: Flow): Promise<Response> {
  try {
    return await proceed(c, flow)
  } catch (error) {
    if (!(error instanceof OAuthError) || error.code === 'too_many_requests') throw error
    c.var.log['reason'] = reasonText(error.reason)
    return respondError(c, flow.target, error)
  }
}

/** Client, pushed request and response target, or the page that says why nothing can be sent to the client. */
export async function readRequest(c: AuthContext, outer: Parameters): Promise<Omit<Flow, 'interaction'> | Response> {
  const { deps, now } = c.var
  // With two of these nobody knows whose request it is, nor where an answer may go.
  if (outer.repeated.includes('client_id') || outer.repeated.includes('request_uri'))
    return errorPage(c, 'bad_request', 400)
  const clientId = outer.get('client_id')
  const client = clientId === undefined ? undefined : await deps.clients.find(clientId, now)
  if (!client || client.disabled) return errorPage(c, 'unknown_client', 400)
  c.var.log['client_id'] = client.client_id
  const requestUri = outer.get('request_uri')
  if (requestUri === undefined || !isPushedRequestUri(requestUri)) return withTarget(c, client, outer, undefined)
  const pushed = await deps.pushedRequests.find(requestUri, now)
  if (!pushed || pushed.clientId !== client.client_id) {
    c.var.log['error'] = 'invalid_request_uri'
    return errorPage(c, 'bad_request', 400)
  }
  // What the address says beside the pushed request is ignored (RFC 9101 §6.3).
  return withTarget(c, client, new Parameters(pushed.params), requestUri)
}

async function withTarget(
  c: AuthContext,
  client: Client,
  params: Parameters,
  pushed: string | undefined,
): Promise<Omit<Flow, 'interaction'> | Response> {
  const target = responseTarget(params, client)
  return typeof target === 'string' ? errorPage(c, target, 400) : { client, params, target, pushed }
}
