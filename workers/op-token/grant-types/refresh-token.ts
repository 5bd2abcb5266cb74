import type { TokenResponse } from '../../../shared/keys/token-issuer.ts'
import { invalidGrant } from '../../../shared/protocol/error.ts'
import { tokenAudience } from '../../../shared/protocol/grant.ts'
import { narrowedScope } from '../../../shared/protocol/scope.ts'
import type { GrantType, TokenRequest } from './grant-type.ts'

/** RFC 6749 §6, OpenID Connect Core §12, with rotation inside one family per grant (RFC 9700 §4.14.2). */
export const refreshToken: GrantType = {
  async issue({ params, client, deps, now }: TokenRequest): Promise<TokenResponse> {
    const handle = await deps.keyring.open('refresh', params.required('refresh_token'), now)
    if (!handle) throw invalidGrant('the refresh token is invalid or expired')
    const at = { shard: handle.shard, id: handle.id, generation: handle.generation }
    const grant = await deps.grants.find(at)
    if (!grant || grant.client_id !== client.client_id) throw invalidGrant('the refresh token is invalid or expired')
    const scope = narrowedScope(grant.scope.split(' '), params.get('scope'))
    const audience = tokenAudience(params.all('resource'), grant.resources, deps.issuer)

    const tokensUntil = now + Math.max(deps.lifetimes.access, deps.lifetimes.id)
    const refreshUntil = now + deps.lifetimes.refresh
    const rotated = await deps.grants.rotate(at, client, { tokensUntil, refreshUntil }, now)

    const accessToken = await deps.tokens.accessToken(
      { client, subject: grant.sub, scope, audience, shard: at.shard, grantId: at.id, grant },
      now,
    )
    const idToken = scope.includes('openid')
      ? await deps.tokens.idToken(client, grant, accessToken, {}, now)
      : undefined
    return {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: deps.lifetimes.access,
      scope: scope.join(' '),
      ...(idToken !== undefined && { id_token: idToken }),
      refresh_token: await deps.tokens.refreshToken(at, rotated.generation, rotated.expiresAt, now),
    }
  },
}
