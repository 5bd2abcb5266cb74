import type { TokenResponse } from '../../../shared/keys/token-issuer.ts'
import type { GrantType, TokenRequest } from './grant-type.ts'
import { pollForTokens } from './poll.ts'

/** RFC 8628 §3.4. */
export const deviceCode: GrantType = {
  issue(request: TokenRequest): Promise<TokenResponse> {
    return pollForTokens(request, 'device_code', request.params.required('device_code'))
  },
}
