import { readForm } from '../../shared/http/form.ts'
import { authorizationRequest, responseTarget } from '../../shared/protocol/authorization-request.ts'
import { invalidRequest, tooManyRequests } from '../../shared/protocol/error.ts'
import type { AuthContext } from './deps.ts'

/** What authenticates the client is no part of the request. */
const credentials = new Set(['client_secret', 'client_assertion', 'client_assertion_type'])

/** Pushed authorization request endpoint, RFC 9126 §2. The request is checked whole, so that errors come early. */
export async function pushAuthorizationRequest(c: AuthContext): Promise<Response> {
  const { deps, now } = c.var
  const params = (await readForm(c.req.raw)).unrepeated()
  const client = await deps.authenticator.authenticate(c.req.raw, params, '/as/par', now)
  c.var.log['client_id'] = client.client_id
  if (!(await deps.pushedRequests.isWithinRate(client.client_id))) throw tooManyRequests(60)
  if (params.get('request_uri') !== undefined) throw invalidRequest('request_uri cannot be pushed')
  const target = responseTarget(params, client)
  if (typeof target === 'string') throw invalidRequest('redirect_uri is not registered')
  authorizationRequest(params, target, client, deps.issuer)
  // A client that authenticates by header may leave its id out of the body; the stored request has to name it.
  const pushed = params.entries().filter(([name]) => name !== 'client_id' && !credentials.has(name))
  pushed.push(['client_id', client.client_id])
  const requestUri = await deps.pushedRequests.push({ clientId: client.client_id, params: pushed }, now)
  return c.json({ request_uri: requestUri, expires_in: deps.pushedRequests.lifetime }, 201, {
    'cache-control': 'no-store',
    pragma: 'no-cache',
  })
}
