import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type MetadataPolicy, clientMetadata, registeredMetadata } from './client-metadata.ts'
import { OAuthError } from './error.ts'

const policy: MetadataPolicy = {
  issuer: 'https://id.example',
  local: false,
  fetchable: (address) => address.startsWith('https://'),
  by: 'client',
}
const operator: MetadataPolicy = { ...policy, by: 'operator' }
const redirect_uris = ['https://app.example/callback']

const optional = [
  'client_name',
  'token_endpoint_auth_signing_alg',
  'contacts',
  'client_uri',
  'logo_uri',
  'policy_uri',
  'tos_uri',
  'initiate_login_uri',
  'jwks',
  'jwks_uri',
  'default_max_age',
  'require_auth_time',
  'default_acr_values',
  'require_pushed_authorization_requests',
  'software_id',
  'software_version',
]

function refusal(input: unknown, by = policy): string {
  try {
    clientMetadata(input, by)
  } catch (error) {
    if (error instanceof OAuthError) return error.code
    throw error
  }
  return 'accepted'
}

describe('client metadata', () => {
  test('REG-03 has the defaults of RFC 7591 and OpenID Connect Registration', () => {
    expect(clientMetadata({ redirect_uris }, policy)).toEqual({
      application_type: 'web',
      redirect_uris,
      post_logout_redirect_uris: [],
      grant_types: ['authorization_code'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_basic',
      id_token_signed_response_alg: 'RS256',
      scope: 'openid profile email address phone offline_access',
    })
  })

  test('REG-03 a client without redirects has no response type and, by default, no scope', () => {
    expect(clientMetadata({ grant_types: ['client_credentials'] }, operator)).toMatchObject({
      response_types: [],
      redirect_uris: [],
      scope: '',
    })
  })

  test.each([
    { response_types: [] },
    { response_types: ['id_token'] },
    { response_types: ['code', 'token'] },
    { grant_types: ['client_credentials'], response_types: ['code'] },
    { grant_types: ['implicit'] },
    { grant_types: ['client_credentials'], token_endpoint_auth_method: 'none' },
    { token_endpoint_auth_method: 'private_key_jwt' },
    { token_endpoint_auth_method: 'client_secret_jwt' },
    { token_endpoint_auth_signing_alg: 'none' },
    { token_endpoint_auth_signing_alg: 'HS256' },
    { id_token_signed_response_alg: 'none' },
    { subject_type: 'pairwise' },
    { scope: 'open"id' },
    { default_max_age: -1 },
    { default_max_age: '60' },
    { contacts: 'me' },
    { client_name: '' },
    { client_name: 'x'.repeat(201) },
    { jwks: { keys: [] } },
    { jwks: { keys: [{ kty: 'oct', k: 'AAAA' }] } },
    { jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', d: 'd' }] } },
    { jwks: { keys: [{ kty: 'RSA', n: 'short', e: 'AQAB' }] } },
    { jwks_uri: 'http://app.example/jwks' },
    { jwks: { keys: [{ kty: 'EC' }] }, jwks_uri: 'https://app.example/jwks' },
    { initiate_login_uri: 'http://app.example/start' },
    { post_logout_redirect_uris: ['javascript:alert(1)'] },
    { logo_uri: 'data:image/png,x' },
    { tos_uri: 'https://id.example/terms' },
  ])('REG-03 REG-05 REG-12 refuses %j', (wrong) => {
    expect(refusal({ redirect_uris, ...wrong })).toBe('invalid_client_metadata')
  })

  test.each([{}, { redirect_uris: [] }, { redirect_uris: 'https://app.example' }, { redirect_uris: [1] }])(
    'REG-02 refuses %j with invalid_redirect_uri',
    (wrong) => {
      expect(refusal(wrong)).toBe('invalid_redirect_uri')
    },
  )

  test('refuses what is no JSON object', () => {
    for (const wrong of [undefined, null, 'text', 1, [], [{ redirect_uris }]])
      expect(refusal(wrong)).toBe('invalid_client_metadata')
  })

  test('REG-04 a null member counts as absent (RFC 7592 §2.2)', () => {
    expect(clientMetadata({ redirect_uris, logo_uri: null, grant_types: null }, policy)).not.toHaveProperty('logo_uri')
  })

  test('attack C7: drops what is the operator’s to decide, and any member it does not know', () => {
    const wanted = {
      redirect_uris,
      require_pkce: false,
      first_party: true,
      resource: 'https://api.example',
      resource_indicators: ['https://api.example'],
      access_token_format: 'opaque',
      scope: 'openid api',
    }
    const members = Object.keys(clientMetadata({ ...wanted, client_id: 'x', secrets: [], disabled: false }, policy))
    const standard = Object.keys(clientMetadata({ redirect_uris }, policy))
    expect(members.toSorted()).toEqual(standard.toSorted())
    expect(clientMetadata(wanted, policy).scope).toBe('openid')
    expect(clientMetadata(wanted, operator)).toMatchObject(wanted)
  })

  test('attack C7: whatever a client sends, only standard members are registered', () => {
    const allowed = new Set([...Object.keys(clientMetadata({ redirect_uris }, policy)), ...optional])
    const names = fc.oneof(
      fc.constantFrom('first_party', 'require_pkce', 'resource', 'disabled', 'secrets', '__proto__', 'constructor'),
      fc.constantFrom(...allowed),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.dictionary(names, fc.jsonValue()), (members) => {
        try {
          const metadata = clientMetadata({ ...members, redirect_uris }, policy)
          for (const name of Object.keys(metadata)) expect(allowed).toContain(name)
        } catch (error) {
          expect(error).toBeInstanceOf(OAuthError)
        }
      }),
      { numRuns: 1000 },
    )
  })

  test('what a client is told has no secret of the record, and can be registered again', () => {
    const metadata = clientMetadata({ redirect_uris, client_name: 'App' }, policy)
    const told = registeredMetadata({
      ...metadata,
      v: 1,
      client_id: 'app',
      client_id_issued_at: 1,
      secrets: [{ hash: 'hash' }],
      disabled: false,
      revision: 1,
      registration_token_hash: 'hash',
    })
    expect(JSON.stringify(told)).not.toContain('hash')
    expect(told).not.toHaveProperty('revision')
    expect(clientMetadata(told, policy)).toEqual(metadata)
  })
})
