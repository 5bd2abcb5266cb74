import { type JSONWebKeySet, createLocalJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { backchannelGrant, deviceCodeGrant } from '../../shared/protocol/client.ts'
import { objectOf } from '../support/durable-objects.ts'
import { type Tokens, authorizationPath, claimsOf, codeFor, signedInTokens, tokenRequest } from '../support/oauth.ts'
import { sharedSystem, startSystem, type System } from '../support/system.ts'

const configuration = '/.well-known/openid-configuration'
const oauthMetadata = '/.well-known/oauth-authorization-server'
const keySet = '/.well-known/jwks.json'

type Metadata = Record<string, unknown>

async function json<T = Metadata>(url: string): Promise<T> {
  const response = await fetch(url)
  const body: T = await response.json()
  return body
}

function list(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}

function endpointsOf(metadata: Metadata): [string, string][] {
  return Object.entries(metadata).filter(
    (entry): entry is [string, string] => /_endpoint$|^jwks_uri$/.test(entry[0]) && typeof entry[1] === 'string',
  )
}

describe('discovery', () => {
  let system: System
  let metadata: Metadata
  beforeAll(async () => {
    system = await sharedSystem()
    metadata = await json(system.issuer + configuration)
  })
  afterAll(() => system[Symbol.asyncDispose]())

  test('G-01 CFG-01 the configuration is JSON at the issuer, with valid endpoints', async () => {
    const response = await fetch(system.issuer + configuration)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toMatch(/^application\/json/)
    for (const name of ['issuer', 'authorization_endpoint', 'token_endpoint'])
      expect(URL.canParse(String(metadata[name]))).toBe(true)
  })

  test('CFG-02 the issuer is the address asked, without query, fragment or trailing slash', () => {
    expect(metadata['issuer']).toBe(system.issuer)
    expect(new URL(system.issuer).origin).toBe(metadata['issuer'])
  })

  test('CFG-03 CFG-12 response and grant types are lists with the code flow', () => {
    expect(metadata['response_types_supported']).toEqual(['code'])
    expect(metadata['grant_types_supported']).toEqual([
      'authorization_code',
      'refresh_token',
      'client_credentials',
      deviceCodeGrant,
      backchannelGrant,
    ])
  })

  test('CFG-04 CFG-13 every member is of the type that RFC 8414 and Discovery give it', () => {
    for (const [name, value] of Object.entries(metadata))
      if (/_supported$|_values$/.test(name) && !name.endsWith('_parameter_supported')) {
        expect(value, name).toBeInstanceOf(Array)
        expect(value, name).toSatisfy((values: unknown[]) => values.every((each) => typeof each === 'string'))
      }
    expect(metadata['scopes_supported']).toContain('openid')
    for (const scope of list(metadata['scopes_supported'])) expect(scope).toMatch(/^[\x21\x23-\x5b\x5d-\x7e]+$/)
    expect(metadata['claims_supported']).toEqual(expect.arrayContaining(['sub', 'iss', 'auth_time', 'name', 'email']))
  })

  test('CFG-05 CFG-06 CFG-07 subject types and algorithms', () => {
    expect(metadata['subject_types_supported']).toEqual(['public'])
    expect(metadata['id_token_signing_alg_values_supported']).toEqual(['RS256', 'ES256'])
    expect(metadata).not.toHaveProperty('userinfo_signing_alg_values_supported')
  })

  test('CFG-10 CFG-11 DSC-05 what is not supported is written down, since its absence would mean otherwise', () => {
    expect(metadata).toMatchObject({
      request_parameter_supported: false,
      request_uri_parameter_supported: false,
      require_request_uri_registration: false,
      claims_parameter_supported: false,
      require_pushed_authorization_requests: false,
    })
    expect(metadata).not.toHaveProperty('request_object_signing_alg_values_supported')
    expect(metadata).not.toHaveProperty('require_signed_request_object')
  })

  test('CFG-14 languages are BCP 47 tags, PKCE methods a list', () => {
    const locales = list(metadata['ui_locales_supported'])
    expect(Intl.getCanonicalLocales(locales)).toEqual(locales)
    expect(metadata['code_challenge_methods_supported']).toEqual(['S256'])
  })

  test('DSC-01 the same metadata stands at both addresses', async () => {
    expect(await json(system.issuer + oauthMetadata)).toEqual(metadata)
  })

  test('DSC-02 the issuer is one string wherever it is said', async () => {
    const [client, user, agent] = [await system.client(), await system.user(), system.agent()]
    const callback = await agent.authorize(authorizationPath(client), user)
    const code = callback.searchParams.get('code') ?? ''
    const form = { grant_type: 'authorization_code', code, redirect_uri: client.redirectUri }
    const tokens: Tokens = await (await tokenRequest(system, client, form)).json()
    const said = [
      metadata['issuer'],
      callback.searchParams.get('iss'),
      claimsOf(tokens.id_token)['iss'],
      claimsOf(tokens.access_token)['iss'],
    ]
    expect(new Set(said)).toEqual(new Set([system.issuer]))
  })

  test('DSC-04 B-20 B-21 B-22 B-25 alg none is listed nowhere', () => {
    for (const [name, value] of Object.entries(metadata))
      if (/_alg_/.test(name)) expect(value, name).not.toContain('none')
  })

  test('G-02 CFG-09 DSC-06 the key set has public keys only, each with its own kid, use and alg', async () => {
    const { keys } = await json<{ keys: Record<string, string>[] }>(String(metadata['jwks_uri']))
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(keys.length)
    expect(new Set(keys.map(({ alg }) => alg))).toEqual(new Set(['RS256', 'ES256']))
    for (const key of keys) {
      expect(key).toMatchObject({ kid: expect.stringMatching(/./), use: 'sig' })
      for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'oth']) expect(key).not.toHaveProperty(secret)
    }
  })

  test('DSC-06 DSC-07 a planned successor is published before it signs, and old tokens verify after the rotation', async () => {
    const [client, user] = [await system.client(), await system.user()]
    const before = await json<JSONWebKeySet>(system.issuer + keySet)
    const old = await signedInTokens(system, client, user)
    const manager = await objectOf(system, 'KEY_MANAGER', 'keys')
    const now = Math.floor(Date.now() / 1000)
    const rotations: { current: string }[] = await manager.rotate(undefined, true, now)
    const published = before.keys.map(({ kid }) => kid)
    for (const rotation of rotations) expect(published).toContain(rotation.current)
    const after: JSONWebKeySet = { keys: await manager.publicKeys(now) }
    const verified = await jwtVerify(old.id_token, createLocalJWKSet(after), { issuer: system.issuer })
    expect(verified.payload.sub).toBe(user.sub)
    expect(rotations.map(({ current }) => current)).not.toContain(verified.protectedHeader.kid)
  })

  test.each([configuration, oauthMetadata, keySet])(
    'DSC-07 XCT-05 %s is cached, revalidated and readable from other origins',
    async (path) => {
      const first = await fetch(system.issuer + path, { headers: { origin: 'https://app.example' } })
      expect(first.headers.get('cache-control')).toMatch(/^public, max-age=\d+, stale-while-revalidate=\d+$/)
      expect(first.headers.get('access-control-allow-origin')).toBe('*')
      expect(first.headers.get('access-control-allow-credentials')).toBeNull()
      const etag = first.headers.get('etag') ?? ''
      expect(etag).toMatch(/^"[\w-]+"$/)
      for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
        const again = await fetch(system.issuer + path, { headers: { 'if-none-match': known } })
        expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag])
        expect(again.headers.get('cache-control')).toBe(first.headers.get('cache-control'))
      }
      const changed = await fetch(system.issuer + path, { headers: { 'if-none-match': '"other"' } })
      expect(changed.status).toBe(200)
    },
  )

  test.each([configuration, oauthMetadata, keySet])('DSC-07 %s is the same each time, but for its id', async (path) => {
    const answers = [await fetch(system.issuer + path), await fetch(system.issuer + path)]
    const [first, second] = answers.map(({ headers }) => Object.fromEntries(headers))
    expect(second).toEqual({ ...first, 'x-request-id': expect.any(String) })
    expect(second?.['x-request-id']).not.toBe(first?.['x-request-id'])
    expect(await answers[1]?.text()).toBe(await answers[0]?.text())
  })

  test.each([configuration, oauthMetadata, keySet])('DSC-07 %s answers HEAD, and 405 to what changes', async (path) => {
    const [got, head] = [await fetch(system.issuer + path), await fetch(system.issuer + path, { method: 'HEAD' })]
    expect([head.status, await head.text()]).toEqual([200, ''])
    for (const name of ['etag', 'content-type', 'cache-control'])
      expect(head.headers.get(name)).toBe(got.headers.get(name))
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      const refused = await fetch(system.issuer + path, { method })
      expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS'])
    }
    const preflight = await fetch(system.issuer + path, {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example' },
    })
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, '*'])
  })

  test.each([configuration, oauthMetadata, keySet])('CFG-01 %s is an exact path', async (path) => {
    for (const suffix of ['/', 'x', '/x', '.json', '%2F'])
      expect((await fetch(system.issuer + path + suffix)).status, suffix).toBe(404)
    expect((await fetch(`${system.issuer}${path}?x=/`)).status).toBe(200)
    expect((await fetch(`${system.issuer}/prefix${path}`)).status).toBe(404)
    expect((await fetch(`${system.issuer}/.WELL-KNOWN${path.slice(12)}`)).status).toBe(404)
  })

  test('G-09 an access token works at the userinfo endpoint that the metadata names', async () => {
    const [client, user] = [await system.client(), await system.user()]
    const { access_token } = await signedInTokens(system, client, user)
    const response = await fetch(String(metadata['userinfo_endpoint']), {
      headers: { authorization: `Bearer ${access_token}` },
    })
    expect(response.status).toBe(200)
  })

  test('G-07 token endpoint errors are 400 JSON, 401 only for the client', async () => {
    const client = await system.client()
    const wrongCode = await tokenRequest(system, client, { grant_type: 'authorization_code', code: 'nonsense' })
    expect([wrongCode.status, await wrongCode.json()]).toEqual([
      400,
      { error: 'invalid_grant', error_description: expect.any(String) },
    ])
    const wrongSecret = await tokenRequest(system, { ...client, secret: 'wrong' }, { grant_type: 'client_credentials' })
    expect([wrongSecret.status, await wrongSecret.json()]).toEqual([
      401,
      { error: 'invalid_client', error_description: expect.any(String) },
    ])
    const code = await codeFor(system, client, await system.user())
    const form = { grant_type: 'authorization_code', code, redirect_uri: client.redirectUri }
    const tokens: Tokens = await (await tokenRequest(system, client, form)).json()
    expect(Number.isInteger(tokens.expires_in) && tokens.expires_in > 0).toBe(true)
  })
})

describe('discovery of an issuer in production', () => {
  const issuer = 'https://id.example.com'
  let system: System
  beforeAll(async () => {
    system = await startSystem({ variables: { ISSUER_URL: issuer, ENVIRONMENT: 'production' } })
  })
  afterAll(() => system[Symbol.asyncDispose]())

  test('CFG-02 CFG-08 RPL-01 every address is https and belongs to the configured issuer', async () => {
    const metadata = await json(system.issuer + configuration)
    expect(metadata['issuer']).toBe(issuer)
    const endpoints = endpointsOf(metadata)
    expect(endpoints.map(([name]) => name)).toEqual(
      expect.arrayContaining([
        'authorization_endpoint',
        'token_endpoint',
        'userinfo_endpoint',
        'jwks_uri',
        'end_session_endpoint',
        'pushed_authorization_request_endpoint',
      ]),
    )
    for (const [, address] of endpoints) expect(new URL(address).origin).toBe(issuer)
  })

  test('AUT-14 answers of an https issuer carry HSTS', async () => {
    for (const path of [configuration, keySet, '/authorize', '/nothing'])
      expect((await fetch(system.issuer + path)).headers.get('strict-transport-security')).toMatch(/^max-age=\d{8,}/)
  })

  test('attack L11 a Host header of the caller appears in no answer', async () => {
    const headers = { 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example', 'x-forwarded-proto': 'http' }
    for (const path of [configuration, '/authorize', '/account', '/logout']) {
      const response = await fetch(system.issuer + path, { headers, redirect: 'manual' })
      expect(JSON.stringify([...response.headers]) + (await response.text())).not.toContain('evil.example')
    }
  })
})
