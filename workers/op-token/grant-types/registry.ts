import { type Client, backchannelGrant, deviceCodeGrant } from '../../../shared/protocol/client.ts'
import { OAuthError } from '../../../shared/protocol/error.ts'
import type { Parameters } from '../../../shared/protocol/parameters.ts'
import { authorizationCode } from './authorization-code.ts'
import { ciba } from './ciba.ts'
import { clientCredentials } from './client-credentials.ts'
import { deviceCode } from './device-code.ts'
import type { GrantType } from './grant-type.ts'
import { refreshToken } from './refresh-token.ts'

const grantTypes: Readonly<Record<string, GrantType>> = {
  authorization_code: authorizationCode,
  refresh_token: refreshToken,
  client_credentials: clientCredentials,
  [deviceCodeGrant]: deviceCode,
  [backchannelGrant]: ciba,
}

/**
 * The grant type of a request, if the client is registered for it.
 * @throws OAuthError invalid_request, unsupported_grant_type, unauthorized_client (RFC 6749 §5.2)
 */
export function grantTypeFor(params: Parameters, client: Client): GrantType {
  const name = params.required('grant_type')
  const grantType = Object.hasOwn(grantTypes, name) ? grantTypes[name] : undefined
  if (!grantType) throw new OAuthError('unsupported_grant_type', 'the grant type is not supported')
  if (!client.grant_types.includes(name))
    throw new OAuthError('unauthorized_client', 'the client is not registered for this grant type')
  return grantType
}
