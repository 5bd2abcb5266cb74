import type { TokenResponse } from '../../../shared/keys/token-issuer.ts'
import { isPublic } from '../../../shared/protocol/client.ts'
import { standardScopes } from '../../../shared/protocol/claims.ts'
import { OAuthError } from '../../../shared/protocol/error.ts'
import { requestedResources, tokenAudience } from '../../../shared/protocol/grant.ts'
import { parseScope } from '../../../shared/protocol/scope.ts'
import { randomShard } from '../../../shared/stores/shards.ts'
import type { GrantType, TokenRequest } from './grant-type.ts'

/** RFC 6749 §4.4: confidential clients only, no refresh token, no ID token. */
export const clientCredentials: GrantType = {
  async issue({ params, client, deps, now }: TokenRequest): Promise<TokenResponse> {
    if (isPublic(client)) throw new OAuthError('unauthorized_client', 'public clients have no credentials')
    // Scopes about a person make no sense where there is none.
    const available = client.scope.split(' ').filter((token) => token !== '' && !standardScopes.includes(token))
    const asked = parseScope(params.get('scope'))
    if (!asked.every((token) => available.includes(token)))
      throw new OAuthError('invalid_scope', 'the scope is not available to the client')
    const scope = asked.length > 0 ? asked : available
    const resources = requestedResources(params.all('resource'), client, deps.issuer)
    const audience = tokenAudience([], resources, deps.issuer)
    const accessToken = await deps.tokens.accessToken(
      { client, subject: client.client_id, scope, audience, shard: randomShard() },
      now,
    )
    return {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: deps.lifetimes.access,
      scope: scope.join(' '),
    }
  },
}
