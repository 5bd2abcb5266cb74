import type { TokenResponse } from '../../../shared/keys/token-issuer.ts'
import { invalidGrant } from '../../../shared/protocol/error.ts'
import { type Grant, tokenAudience } from '../../../shared/protocol/grant.ts'
import { handleHash, randomId } from '../../../shared/protocol/handle.ts'
import { verifyPkce } from '../../../shared/protocol/pkce.ts'
import { firstTokens } from './first-tokens.ts'
import type { GrantType, TokenRequest } from './grant-type.ts'

/** RFC 6749 §4.1.3, OpenID Connect Core §3.1.3. */
export const authorizationCode: GrantType = {
  async issue(request: TokenRequest): Promise<TokenResponse> {
    const { params, client, deps, now } = request
    const code = params.required('code')
    const handle = await deps.keyring.open('code', code, now)
    if (!handle) throw invalidGrant('the code is invalid or expired')
    const at = { shard: handle.shard, id: await handleHash(code) }
    const grant = await deps.codes.find(at)
    // Somebody else's code stays as it is: whoever stole it must not be able to spend it either.
    if (!grant || grant.client_id !== client.client_id) throw invalidGrant('the code is invalid or expired')
    checkRedirectUri(grant, params.get('redirect_uri'))
    tokenAudience(params.all('resource'), grant.resources, deps.issuer)
    await verifyPkce(grant.code_challenge, params.get('code_verifier')).catch(async (error: unknown) => {
      await deps.codes.burn(at, client.client_id, now)
      throw error
    })
    return firstTokens(request, grant, at, randomId())
  },
}

/** The redirect URI must be repeated exactly where the authorization request named it (RFC 6749 §4.1.3). */
function checkRedirectUri(grant: Grant, redirectUri: string | undefined): void {
  if (grant.redirect_uri !== undefined && grant.redirect_uri !== redirectUri)
    throw invalidGrant('redirect_uri differs from the authorization request')
}
