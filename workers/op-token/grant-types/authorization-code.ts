import { invalidGrant } from '../../../shared/protocol/error.ts'
import { type Grant, isOffline, tokenAudience } from '../../../shared/protocol/grant.ts'
import { type Handle, handleHash, randomId } from '../../../shared/protocol/handle.ts'
import { verifyPkce } from '../../../shared/protocol/pkce.ts'
import { refreshTokenFor } from './refresh-token.ts'
import type { GrantType, TokenRequest, TokenResponse } from './grant-type.ts'

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
    const audience = tokenAudience(params.all('resource'), grant.resources, deps.issuer)
    await verifyPkce(grant.code_challenge, params.get('code_verifier')).catch(async (error: unknown) => {
      await deps.codes.burn(at, client.client_id, now)
      throw error
    })

    const refreshUntil = isOffline(grant) ? now + deps.lifetimes.refresh : undefined
    const tokensUntil = now + Math.max(deps.lifetimes.access, deps.lifetimes.id)
    await deps.codes.claim(at, randomId(), client, { tokensUntil, refreshUntil }, now)
    return tokensFor(request, grant, at, audience, handle, refreshUntil)
  },
}

async function tokensFor(
  { client, deps, now }: TokenRequest,
  grant: Grant,
  at: { shard: number; id: string },
  audience: string[],
  handle: Handle,
  refreshUntil: number | undefined,
): Promise<TokenResponse> {
  const scope = grant.scope.split(' ')
  const accessToken = await deps.tokens.accessToken(
    { client, subject: grant.sub, scope, audience, shard: handle.shard, grantId: at.id, grant },
    now,
  )
  const idToken = scope.includes('openid')
    ? await deps.tokens.idToken(client, grant, accessToken, grant.nonce, now)
    : undefined
  const refreshToken = refreshUntil === undefined ? undefined : await refreshTokenFor(deps, at, 0, refreshUntil, now)
  if (refreshUntil !== undefined) await deps.grants.carry(at.id, grant, refreshUntil, now)
  return {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: deps.lifetimes.access,
    scope: grant.scope,
    ...(idToken !== undefined && { id_token: idToken }),
    ...(refreshToken !== undefined && { refresh_token: refreshToken }),
  }
}

/** The redirect URI must be repeated exactly where the authorization request named it (RFC 6749 §4.1.3). */
function checkRedirectUri(grant: Grant, redirectUri: string | undefined): void {
  if (grant.redirect_uri !== undefined && grant.redirect_uri !== redirectUri)
    throw invalidGrant('redirect_uri differs from the authorization request')
}
