import type { TokenResponse } from '../../../shared/keys/token-issuer.ts'
import { OAuthError, invalidGrant } from '../../../shared/protocol/error.ts'
import { parseGrant } from '../../../shared/protocol/grant.ts'
import { handleHash, randomId } from '../../../shared/protocol/handle.ts'
import { decidedOnRetry } from '../../../shared/stores/grants.ts'
import { shard } from '../../../shared/stores/shards.ts'
import { firstTokens } from './first-tokens.ts'
import type { TokenRequest } from './grant-type.ts'

/** An expired handle is still answered as such for this long: the device may have slept. Seconds. */
const remembered = 86_400

/**
 * One poll of a device or client for what a person decides (RFC 8628 §3.5, CIBA §11). Nothing is claimed before the
 * person is known to be still welcome.
 * @throws OAuthError authorization_pending, slow_down, access_denied, expired_token, invalid_grant
 */
export async function pollForTokens(
  request: TokenRequest,
  kind: 'device_code' | 'auth_req_id',
  text: string,
): Promise<TokenResponse> {
  const { client, deps, now } = request
  const handle = await deps.keyring.open(kind, text, now - remembered)
  if (!handle) throw invalidGrant(`the ${kind} is invalid`)
  const id = await handleHash(text)
  const redemptionId = randomId()
  const pending = shard(deps.pendingRequests, handle.shard)
  const polled = await decidedOnRetry(() => pending.poll(id, client.client_id, redemptionId, now))
  switch (polled.outcome) {
    case 'pending':
      throw new OAuthError('authorization_pending', 'the person has not decided yet')
    case 'slow_down':
      throw new OAuthError('slow_down', 'wait five seconds longer between two requests')
    case 'denied':
      throw new OAuthError('access_denied', 'the person declined')
    case 'expired':
      throw new OAuthError('expired_token', `the ${kind} has expired`)
    case 'used':
      throw invalidGrant(`the ${kind} was used before`)
    case 'unknown':
      if (handle.expiresAt <= now) throw new OAuthError('expired_token', `the ${kind} has expired`)
      throw invalidGrant(`the ${kind} is invalid`)
    default: {
      const grant = parseGrant(polled.grant?.record)
      if (!polled.grant || !grant) throw invalidGrant(`the ${kind} is invalid`)
      const user = await deps.users.find(grant.sub)
      if (!user || user.disabled) throw new OAuthError('access_denied', 'the person is not available')
      return firstTokens(request, grant, { shard: handle.shard, id: polled.grant.id }, redemptionId)
    }
  }
}
