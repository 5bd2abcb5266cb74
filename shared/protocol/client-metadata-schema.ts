import type { JWK } from 'jose'
import * as v from 'valibot'
import { assertionAlgorithms } from './client-authentication.ts'
import { backchannelGrant, deliveryModes, deviceCodeGrant } from './client.ts'

const authMethods = ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'] as const
const grantTypes = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  deviceCodeGrant,
  backchannelGrant,
] as const
const signingAlgorithms = ['RS256', 'ES256'] as const

const Text = v.pipe(v.string(), v.minLength(1), v.maxLength(1000))
const Address = v.pipe(v.string(), v.maxLength(2048))
const Addresses = v.pipe(v.array(Address), v.maxLength(50))
const optional = v.exactOptional

const Key = v.custom<JWK>(
  (key) => typeof key === 'object' && key !== null && 'kty' in key && ['EC', 'RSA', 'OKP'].includes(String(key.kty)),
)

/** What a client may say about itself (RFC 7591 §2, OpenID Connect Registration §2), each member of its type. */
export const Standard = v.object({
  client_name: optional(v.pipe(Text, v.maxLength(200))),
  application_type: optional(v.picklist(['web', 'native'])),
  redirect_uris: optional(Addresses),
  post_logout_redirect_uris: optional(Addresses),
  grant_types: optional(v.array(v.picklist(grantTypes))),
  response_types: optional(v.array(v.picklist(['code']))),
  token_endpoint_auth_method: optional(v.picklist(authMethods)),
  token_endpoint_auth_signing_alg: optional(v.picklist(assertionAlgorithms)),
  id_token_signed_response_alg: optional(v.picklist(signingAlgorithms)),
  subject_type: optional(v.picklist(['public'])),
  scope: optional(v.pipe(v.string(), v.maxLength(2048))),
  contacts: optional(v.pipe(v.array(Text), v.maxLength(20))),
  client_uri: optional(Address),
  logo_uri: optional(Address),
  policy_uri: optional(Address),
  tos_uri: optional(Address),
  initiate_login_uri: optional(Address),
  jwks: optional(v.object({ keys: v.pipe(v.array(Key), v.minLength(1), v.maxLength(20)) })),
  jwks_uri: optional(Address),
  default_max_age: optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  require_auth_time: optional(v.boolean()),
  default_acr_values: optional(v.pipe(v.array(Text), v.maxLength(20))),
  require_pushed_authorization_requests: optional(v.boolean()),
  backchannel_token_delivery_mode: optional(v.picklist(deliveryModes)),
  backchannel_client_notification_endpoint: optional(Address),
  backchannel_authentication_request_signing_alg: optional(v.picklist(assertionAlgorithms)),
  backchannel_user_code_parameter: optional(v.boolean()),
  software_id: optional(Text),
  software_version: optional(Text),
})

/** Ours, for the operator to decide. */
export const Extensions = v.object({
  require_pkce: optional(v.boolean()),
  first_party: optional(v.boolean()),
  resource_indicators: optional(Addresses),
  resource: optional(Address),
  access_token_signed_response_alg: optional(v.picklist(signingAlgorithms)),
  access_token_format: optional(v.picklist(['jwt', 'opaque'])),
})
