import { backchannelGrant, deliveryModes, deviceCodeGrant } from '../../../shared/protocol/client.ts'

const text = { type: 'string' }
const flag = { type: 'boolean' }
const number = { type: 'integer' }
const time = { type: 'string', format: 'date-time' }
const maybeTime = { type: ['string', 'null'], format: 'date-time' }
const uri = { type: 'string', format: 'uri' }
const texts = { type: 'array', items: text }
const uris = { type: 'array', items: uri }
const algorithm = { enum: ['ES256', 'RS256'] }

const object = (properties: Readonly<Record<string, object>>, required: readonly string[] = []) => ({
  type: 'object',
  properties,
  ...(required.length > 0 && { required }),
})

const metadata = {
  client_name: text,
  application_type: { enum: ['web', 'native'] },
  redirect_uris: uris,
  post_logout_redirect_uris: uris,
  grant_types: {
    type: 'array',
    items: { enum: ['authorization_code', 'refresh_token', 'client_credentials', deviceCodeGrant, backchannelGrant] },
  },
  response_types: { type: 'array', items: { const: 'code' } },
  token_endpoint_auth_method: { enum: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'] },
  token_endpoint_auth_signing_alg: text,
  id_token_signed_response_alg: algorithm,
  scope: text,
  contacts: texts,
  client_uri: uri,
  logo_uri: uri,
  policy_uri: uri,
  tos_uri: uri,
  initiate_login_uri: uri,
  jwks: { type: 'object' },
  jwks_uri: uri,
  default_max_age: number,
  require_auth_time: flag,
  default_acr_values: texts,
  require_pushed_authorization_requests: flag,
  backchannel_token_delivery_mode: { enum: deliveryModes },
  backchannel_client_notification_endpoint: uri,
  backchannel_authentication_request_signing_alg: text,
  backchannel_user_code_parameter: flag,
  software_id: text,
  software_version: text,
  require_pkce: flag,
  first_party: flag,
  resource_indicators: uris,
  resource: uri,
  access_token_signed_response_alg: algorithm,
  access_token_format: { enum: ['jwt', 'opaque'] },
}

const secretHash = object({ hash: text, expires_at: number }, ['hash'])
const identity = { client_id: text, client_id_issued_at: number, disabled: flag }
const person = {
  email: { type: 'string', format: 'email' },
  username: { type: ['string', 'null'] },
  emailVerified: flag,
}
const claims = { type: 'object', description: 'OpenID Connect Core 5.1' }
const publicKey = object({ kty: { const: 'OKP' }, crv: { const: 'Ed25519' }, x: text }, ['kty', 'crv', 'x'])

/** The objects that the admin API takes and gives, JSON Schema 2020-12. */
export const schemas = {
  Error: object({ error: text, error_description: text }, ['error']),
  ClientMetadata: object(metadata),
  NewClient: object({ ...metadata, client_id: text, client_secret: { ...text, minLength: 16 } }),
  Client: object(
    {
      ...identity,
      ...metadata,
      client_secret: text,
      client_secret_expires_at: number,
      previous_secret_expires_at: time,
    },
    ['client_id'],
  ),
  ClientExport: object({ ...identity, ...metadata, secret_hashes: { type: 'array', items: secretHash } }, [
    'client_id',
  ]),
  User: object({ sub: text, ...person, disabled: flag, createdAt: time, updatedAt: time, claims, hasPassword: flag }, [
    'sub',
    'email',
  ]),
  NewUser: object({ ...person, name: text, password: text, claims }, ['email']),
  UserChange: object({ ...person, claims }),
  ImportedUser: object({ ...person, claims, passwordHash: { ...text, description: 'scrypt or PBKDF2' } }, ['email']),
  Session: object({
    id: text,
    createdAt: time,
    lastSeenAt: time,
    expiresAt: time,
    userAgent: text,
    address: text,
    clients: texts,
  }),
  Grant: object({
    id: text,
    sub: text,
    client_id: text,
    scope: text,
    createdAt: maybeTime,
    expiresAt: time,
    revoked: flag,
    offline: flag,
  }),
  PendingRequest: object({
    id: text,
    sub: text,
    client_id: text,
    scope: text,
    binding_message: { type: ['string', 'null'] },
    createdAt: time,
    expiresAt: time,
  }),
  Key: object({
    kid: text,
    alg: algorithm,
    use: { enum: ['sig', 'saml'] },
    state: { enum: ['next', 'current', 'retiring', 'gone'] },
    createdAt: time,
    signsFrom: maybeTime,
    leavesAt: maybeTime,
    certificateExpiresAt: time,
  }),
  Schedule: object({ days: number, nextRotationAt: time }),
  Rotation: object({
    alg: algorithm,
    retiring: { type: ['string', 'null'] },
    current: text,
    next: text,
    effectiveAt: maybeTime,
  }),
  Revocation: object({ kid: text, alg: algorithm, replacement: text, dies: text }),
  Operator: object({ kid: text, name: text, createdAt: time, expiresAt: maybeTime }),
  NewOperator: object({ name: text, publicKey, expiresAt: time }, ['name', 'publicKey']),
  AuditEvent: object({ time, actor: text, action: text, target: text, outcome: text, requestId: text }),
} as const
