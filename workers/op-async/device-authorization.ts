import { readForm } from '../../shared/http/form.ts'
import { requestedScope } from '../../shared/protocol/authorization-request.ts'
import type { AskRequest } from '../../shared/protocol/ask.ts'
import { type Client, deviceCodeGrant, displayName } from '../../shared/protocol/client.ts'
import { OAuthError, tooManyRequests } from '../../shared/protocol/error.ts'
import { offlineAccess, requestedResources } from '../../shared/protocol/grant.ts'
import type { Parameters } from '../../shared/protocol/parameters.ts'
import { addressKey } from '../../shared/protocol/throttling.ts'
import { shownUserCode } from '../../shared/protocol/user-code.ts'
import type { AsyncContext } from './deps.ts'
import { announce } from './webhook.ts'

/** Long enough to find the telephone and sign in. Seconds. */
const lifetime = 600

/** Seconds between two polls. */
const interval = 5

/** Device authorization endpoint, RFC 8628 §3.1. */
export async function deviceAuthorization(c: AsyncContext): Promise<Response> {
  const { deps, now, log } = c.var
  const params = (await readForm(c.req.raw)).unrepeated()
  const address = c.req.header('cf-connecting-ip') ?? ''
  // Whoever knows the name of a public client may ask: the address is what limits them.
  if (!(await deps.deviceRate.limit({ key: addressKey(address) })).success) throw tooManyRequests(60)
  const client = await deps.authenticator.authenticate(c.req.raw, params, '/device_authorization', now)
  log['client_id'] = client.client_id
  if (!client.grant_types.includes(deviceCodeGrant))
    throw new OAuthError('unauthorized_client', 'the client is not registered for the device flow')

  const country = c.req.raw.cf?.country
  const request: AskRequest = {
    v: 1,
    kind: 'device',
    scope: deviceScope(params, client),
    resources: requestedResources(params.all('resource'), client, deps.issuer),
    askedAt: now,
    ...(typeof country === 'string' && { country }),
    ...(address !== '' && { address }),
  }
  const { deviceCode, userCode } = await deps.asks.ofDevice(
    client,
    request,
    { interval, expiresAt: now + lifetime },
    now,
  )
  const shown = shownUserCode(userCode)
  const uri = `${deps.issuer}/device`
  const complete = `${uri}?${new URLSearchParams({ user_code: shown })}`
  if (deps.local) announce(displayName(client), complete)
  return c.json(
    {
      device_code: deviceCode,
      user_code: shown,
      verification_uri: uri,
      verification_uri_complete: complete,
      expires_in: lifetime,
      interval,
    },
    200,
    { 'cache-control': 'no-store', pragma: 'no-cache' },
  )
}

/** Without a scope a device asks for what it is registered for, but not to stay connected (RFC 6749 §3.3). */
function deviceScope(params: Parameters, client: Client): string[] {
  if (params.get('scope') !== undefined) return requestedScope(params, client)
  return client.scope.split(' ').filter((token) => token !== '' && token !== offlineAccess)
}
