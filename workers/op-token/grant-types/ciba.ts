import type { TokenResponse } from '../../../shared/keys/token-issuer.ts'
import { OAuthError } from '../../../shared/protocol/error.ts'
import type { GrantType, TokenRequest } from './grant-type.ts'
import { pollForTokens } from './poll.ts'

/** CIBA §10.1: for clients that poll or are pinged. */
export const ciba: GrantType = {
  async issue(request: TokenRequest): Promise<TokenResponse> {
    const authReqId = request.params.required('auth_req_id')
    if (request.client.backchannel_token_delivery_mode === 'push')
      throw new OAuthError('unauthorized_client', 'the client gets its tokens pushed')
    return pollForTokens(request, 'auth_req_id', authReqId)
  },
}
