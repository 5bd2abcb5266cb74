import { standardScopes, scopeClaims } from './claims.ts'
import { assertionAlgorithms } from './client-authentication.ts'
import { backchannelGrant, deliveryModes, deviceCodeGrant } from './client.ts'
import { responseModes, prompts } from './authorization-request.ts'
import { passwordAcr } from './id-token.ts'

/**
 * The provider's metadata, OpenID Connect Discovery §3 and RFC 8414 §2. It names what works and nothing else.
 * @param registration whether anybody at all may register a client over HTTP.
 */
export function serverMetadata(issuer: string, registration: boolean): Record<string, unknown> {
  const authMethods = ['client_secret_basic', 'client_secret_post', 'private_key_jwt']
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    ...(registration && { registration_endpoint: `${issuer}/register` }),
    introspection_endpoint: `${issuer}/introspect`,
    revocation_endpoint: `${issuer}/revoke`,
    end_session_endpoint: `${issuer}/logout`,
    device_authorization_endpoint: `${issuer}/device_authorization`,
    backchannel_authentication_endpoint: `${issuer}/bc-authorize`,
    backchannel_token_delivery_modes_supported: deliveryModes,
    backchannel_authentication_request_signing_alg_values_supported: assertionAlgorithms,
    backchannel_user_code_parameter_supported: true,
    pushed_authorization_request_endpoint: `${issuer}/as/par`,
    require_pushed_authorization_requests: false,
    scopes_supported: standardScopes,
    response_types_supported: ['code'],
    response_modes_supported: responseModes,
    grant_types_supported: grantTypes,
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256', 'ES256'],
    token_endpoint_auth_methods_supported: [...authMethods, 'none'],
    token_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
    introspection_endpoint_auth_methods_supported: authMethods,
    introspection_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
    revocation_endpoint_auth_methods_supported: [...authMethods, 'none'],
    revocation_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    prompt_values_supported: prompts,
    display_values_supported: ['page'],
    acr_values_supported: [passwordAcr],
    claim_types_supported: ['normal'],
    claims_supported: ['sub', 'iss', 'aud', 'exp', 'iat', 'auth_time', 'nonce', 'acr', 'amr', 'sid', ...released],
    ui_locales_supported: ['en'],
    claims_parameter_supported: false,
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
    require_request_uri_registration: false,
  }
}

const grantTypes = ['authorization_code', 'refresh_token', 'client_credentials', deviceCodeGrant, backchannelGrant]

const released = Object.values(scopeClaims).flat()
