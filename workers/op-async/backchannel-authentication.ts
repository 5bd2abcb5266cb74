import { readForm } from '../../shared/http/form.ts'
import type { AskRequest } from '../../shared/protocol/ask.ts'
import { type Client, backchannelGrant } from '../../shared/protocol/client.ts'
import { OAuthError, tooManyRequests } from '../../shared/protocol/error.ts'
import type { Notice } from '../../shared/stores/durable-objects/notices.ts'
import type { User } from '../../shared/stores/users.ts'
import { note } from './approval.ts'
import { type AuthenticationRequest, authenticationRequest } from './authentication-request.ts'
import type { AsyncContext } from './deps.ts'
import { hintedUser } from './hinted-user.ts'
import { requestParameters } from './signed-request.ts'
import { isUserCode } from './user-codes.ts'
import { tellOperator } from './webhook.ts'

/** Seconds between two polls. */
const interval = 5

/** Backchannel authentication endpoint, CIBA §7. */
export async function backchannelAuthentication(c: AsyncContext): Promise<Response> {
  const { deps, now, log } = c.var
  const params = (await readForm(c.req.raw)).unrepeated()
  const client = await deps.authenticator.authenticate(c.req.raw, params, '/bc-authorize', now)
  log['client_id'] = client.client_id
  if (!client.grant_types.includes(backchannelGrant) || client.token_endpoint_auth_method === 'none')
    throw new OAuthError('unauthorized_client', 'the client is not registered for CIBA')
  if (!(await deps.backchannelRate.limit({ key: client.client_id })).success) throw tooManyRequests(60)

  const own = (await requestParameters(c, params, client)).unrepeated()
  const request = authenticationRequest(own, client, deps.issuer)
  const user = await hintedUser(c, client, request.hint)
  await checkUserCode(c, user, request.userCode)
  await checkWelcome(c, user, client)

  const mode = client.backchannel_token_delivery_mode ?? 'poll'
  const expiresAt = now + request.lifetime
  const asked = askRequest(c, request)
  const terms = { interval, expiresAt, push: mode === 'push' }
  const kept = await deps.asks.ofClient(client, user.sub, asked, terms, (id) => noticeFor(client, request, id), now)
  if (!kept) throw tooManyRequests(request.lifetime)
  note(c, user.sub, 'request_received', client.client_id)
  await tellOperator(c, kept.id, { client, user, request: asked, expiresAt })
  return c.json(
    { auth_req_id: kept.authReqId, expires_in: request.lifetime, ...(mode !== 'push' && { interval }) },
    200,
    { 'cache-control': 'no-store', pragma: 'no-cache' },
  )
}

/** People who have set a code get only requests that name it (CIBA §7.1). */
async function checkUserCode(c: AsyncContext, user: User, code: string | undefined): Promise<void> {
  const { deps, now } = c.var
  const stored = await deps.userCodes.find(user.sub)
  if (stored === undefined) return
  if (code === undefined) throw new OAuthError('missing_user_code', 'the person wants to be asked with a code')
  const wait = await deps.attempts.userCode(user.sub, now)
  if (wait > 0) throw tooManyRequests(wait)
  if (!(await isUserCode(stored, code))) throw new OAuthError('invalid_user_code', 'the code is wrong')
  await deps.attempts.rightUserCode(user.sub)
}

/** Whether the person still takes requests of this client, and had not too many of late. */
async function checkWelcome(c: AsyncContext, user: User, client: Client): Promise<void> {
  const { deps, now } = c.var
  if (await deps.stops.isStopped(user.sub, client.client_id))
    throw new OAuthError('access_denied', 'the person takes no requests of the client')
  const wait = await deps.attempts.prompt(user.sub, client.client_id, now)
  if (wait > 0) throw tooManyRequests(wait)
}

function askRequest(c: AsyncContext, { scope, resources, bindingMessage }: AuthenticationRequest): AskRequest {
  const country = c.req.raw.cf?.country
  return {
    v: 1,
    kind: 'backchannel',
    scope,
    resources,
    askedAt: c.var.now,
    ...(bindingMessage !== undefined && { bindingMessage }),
    ...(typeof country === 'string' && { country }),
  }
}

/** What a client that does not poll is sent, CIBA §10.2, §10.3. */
function noticeFor(client: Client, request: AuthenticationRequest, authReqId: string): Notice | undefined {
  const url = client.backchannel_client_notification_endpoint
  if (url === undefined || request.notificationToken === undefined) return undefined
  return {
    url,
    headers: { authorization: `Bearer ${request.notificationToken}` },
    body: { auth_req_id: authReqId },
  }
}
