import type { TokenResponse } from '../../../shared/keys/token-issuer.ts'
import { type Grant, tokenAudience } from '../../../shared/protocol/grant.ts'
import type { TokenRequest } from './grant-type.ts'

/**
 * Claims a grant and makes its first tokens.
 * @throws OAuthError invalid_grant unless this call is the one that redeems it.
 */
export async function firstTokens(
  { params, client, deps, now }: TokenRequest,
  grant: Grant,
  at: { shard: number; id: string },
  redemptionId: string,
): Promise<TokenResponse> {
  const audience = tokenAudience(params.all('resource'), grant.resources, deps.issuer)
  const lifetimes = deps.tokens.lifetimesOf(grant, now)
  await deps.codes.claim(at, redemptionId, client, lifetimes, now)
  const { nonce } = grant
  const tokens = await deps.tokens.firstTokens(client, grant, at, audience, now, async () => (nonce ? { nonce } : {}))
  if (lifetimes.refreshUntil !== undefined) await deps.grants.carry(at.id, grant, lifetimes.refreshUntil, now)
  return tokens
}
