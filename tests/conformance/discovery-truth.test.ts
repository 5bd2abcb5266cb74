import { createHash } from 'node:crypto'
import { SignJWT, exportJWK, generateKeyPair } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ClientAuthenticationMethod, backchannelGrant, deviceCodeGrant } from '../../shared/protocol/client.ts'
import { asked, decideRequest } from '../async/ciba-support.ts'
import { beginDevice, decideDevice } from '../async/support.ts'
import type { Agent } from '../support/agent.ts'
import { answerOf } from '../support/answer.ts'
import { authorizationPath, basic, codeFor, pkce, signedInTokens, tokenRequest } from '../support/oauth.ts'
import { sharedSystem, startSystem, type System, type TestClient, type TestUser } from '../support/system.ts'

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

describe('the metadata tells only the truth', () => {
  let system: System
  let client: TestClient
  let user: TestUser
  /** A browser in which the person has signed in and consented. */
  let signedIn: Agent
  let metadata: Record<string, unknown>
  beforeAll(async () => {
    system = await startSystem({ variables: { REGISTRATION: 'open' } })
    client = await system.client({
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials', deviceCodeGrant, backchannelGrant],
    })
    user = await system.user()
    signedIn = system.agent()
    await codeFor(system, client, user, {}, signedIn)
    metadata = await (await fetch(`${system.issuer}/.well-known/openid-configuration`)).json()
  })
  afterAll(() => system[Symbol.asyncDispose]())

  function listed(name: string): string[] {
    const value = metadata[name]
    return Array.isArray(value) ? value.map(String) : []
  }

  function post(endpoint: unknown, form: Record<string, string>, headers: Record<string, string> = {}) {
    return fetch(String(endpoint), { method: 'POST', headers, body: new URLSearchParams(form) })
  }

  async function authorizes(parameters: Record<string, string>): Promise<boolean> {
    const response = await signedIn.follow(await signedIn.get(authorizationPath(client, parameters)))
    return response.status === 200 || answerOf(response).parameters['code'] !== undefined
  }

  async function errorOf(parameters: Record<string, string>): Promise<string | undefined> {
    return answerOf(await system.agent().get(authorizationPath(client, parameters))).parameters['error']
  }

  test('DSC-03 every endpoint that it names answers what that endpoint answers', async () => {
    const names = Object.keys(metadata).filter((name) => name.endsWith('_endpoint') || name === 'jwks_uri')
    const { access_token } = await signedInTokens(system, client, user)
    const request = { response_type: 'code', redirect_uri: client.redirectUri, scope: 'openid' }
    const registration = JSON.stringify({ redirect_uris: ['https://app.example/cb'] })
    const calls: Record<string, () => Promise<Response>> = {
      authorization_endpoint: () => system.agent().get(authorizationPath(client)),
      token_endpoint: () => post(metadata['token_endpoint'], { grant_type: 'client_credentials' }, basic(client)),
      userinfo_endpoint: () =>
        fetch(String(metadata['userinfo_endpoint']), { headers: { authorization: `Bearer ${access_token}` } }),
      jwks_uri: () => fetch(String(metadata['jwks_uri'])),
      registration_endpoint: () =>
        fetch(String(metadata['registration_endpoint']), {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: registration,
        }),
      introspection_endpoint: () => post(metadata['introspection_endpoint'], { token: access_token }, basic(client)),
      revocation_endpoint: () => post(metadata['revocation_endpoint'], { token: 'x' }, basic(client)),
      end_session_endpoint: () => fetch(String(metadata['end_session_endpoint'])),
      pushed_authorization_request_endpoint: () =>
        post(metadata['pushed_authorization_request_endpoint'], request, basic(client)),
      device_authorization_endpoint: () => post(metadata['device_authorization_endpoint'], {}, basic(client)),
      backchannel_authentication_endpoint: () =>
        post(
          metadata['backchannel_authentication_endpoint'],
          { scope: 'openid', login_hint: user.username },
          basic(client),
        ),
    }
    const expected: Record<string, number> = {
      authorization_endpoint: 303,
      registration_endpoint: 201,
      pushed_authorization_request_endpoint: 201,
    }
    expect(names.toSorted()).toEqual(Object.keys(calls).toSorted())
    for (const [name, call] of Object.entries(calls)) expect((await call()).status, name).toBe(expected[name] ?? 200)
  })

  test('DSC-03 every scope is granted, an unlisted one is not', async () => {
    const scopes = listed('scopes_supported')
    const tokens = await signedInTokens(system, client, user, { scope: [...scopes, 'unlisted'].join(' ') })
    expect(new Set(tokens.scope.split(' '))).toEqual(new Set(scopes))
  })

  test('DSC-03 every response type and mode is served, others are refused', async () => {
    for (const response_type of listed('response_types_supported'))
      expect(await authorizes({ response_type })).toBe(true)
    for (const response_mode of listed('response_modes_supported'))
      expect(await authorizes({ response_mode })).toBe(true)
    expect(await errorOf({ response_type: 'id_token' })).toBe('unsupported_response_type')
    expect(await errorOf({ response_mode: 'jwt' })).toBe('invalid_request')
  })

  test('DSC-03 every prompt and challenge method is served, others are refused', async () => {
    for (const prompt of listed('prompt_values_supported')) expect(await authorizes({ prompt }), prompt).toBe(true)
    expect(await errorOf({ prompt: 'create' })).toBe('invalid_request')
    expect(listed('code_challenge_methods_supported')).toEqual(['S256'])
    expect(await authorizes(pkce().parameters)).toBe(true)
    expect(await errorOf({ ...pkce().parameters, code_challenge_method: 'plain' })).toBe('invalid_request')
  })

  test('DSC-03 every grant type is served, others are refused', async () => {
    const { refresh_token } = await signedInTokens(system, client, user, { scope: 'openid offline_access' })
    const code = await codeFor(system, client, user)
    const device = await beginDevice(system, client)
    await decideDevice(system, device.user_code, user, 'allow')
    const person = await system.user()
    const { auth_req_id } = await asked(system, client, person)
    await decideRequest(system, person, 'approve')
    const forms: Record<string, Record<string, string>> = {
      authorization_code: { code, redirect_uri: client.redirectUri },
      refresh_token: { refresh_token },
      client_credentials: {},
      [deviceCodeGrant]: { device_code: device.device_code },
      [backchannelGrant]: { auth_req_id },
    }
    expect(Object.keys(forms)).toEqual(listed('grant_types_supported'))
    for (const [grant_type, form] of Object.entries(forms))
      expect((await tokenRequest(system, client, { grant_type, ...form })).status, grant_type).toBe(200)
    for (const grant_type of ['password', 'implicit', 'urn:ietf:params:oauth:grant-type:token-exchange']) {
      const refused = await tokenRequest(system, client, { grant_type })
      expect([refused.status, await refused.json()]).toMatchObject([400, { error: 'unsupported_grant_type' }])
    }
  })

  /** What a client sends to authenticate by a method. */
  async function credentials(method: string): Promise<[TestClient, Record<string, string>, Record<string, string>]> {
    if (method === 'private_key_jwt') return assertionOf('ES256')
    const own = await system.client({
      token_endpoint_auth_method: authenticationMethod(method),
      ...(method === 'none' && { grant_types: ['authorization_code', 'refresh_token'] }),
    })
    if (method === 'client_secret_basic') return [own, {}, basic(own)]
    const secret = method === 'client_secret_post' && { client_secret: own.secret }
    return [own, { client_id: own.client_id, ...secret }, {}]
  }

  async function assertionOf(alg: string): Promise<[TestClient, Record<string, string>, Record<string, string>]> {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
    const jwk = { ...(await exportJWK(publicKey)), kid: 'k', use: 'sig' }
    const own = await system.client({ token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [jwk] } })
    const assertion = await new SignJWT()
      .setProtectedHeader({ alg, kid: 'k' })
      .setIssuer(own.client_id)
      .setSubject(own.client_id)
      .setAudience(system.issuer)
      .setJti(crypto.randomUUID())
      .setIssuedAt()
      .setExpirationTime('60s')
      .sign(privateKey)
    return [own, { client_assertion: assertion, client_assertion_type: assertionType }, {}]
  }

  function authenticationMethod(method: string): ClientAuthenticationMethod {
    const known = ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'] as const
    const found = known.find((each) => each === method)
    if (!found) throw new Error(`the metadata lists ${method}`)
    return found
  }

  test('DSC-03 every client authentication method of every endpoint is accepted, others are refused', async () => {
    for (const [endpoint, form] of [
      ['token', { grant_type: 'client_credentials' }],
      ['introspection', { token: 'x' }],
      ['revocation', { token: 'x' }],
    ] as const) {
      const methods = listed(`${endpoint}_endpoint_auth_methods_supported`)
      expect(methods.length).toBeGreaterThan(2)
      for (const method of methods) {
        const [own, parameters, headers] = await credentials(method)
        const isPublicToken = endpoint === 'token' && method === 'none'
        const grant = isPublicToken
          ? await (async () => {
              const { verifier, parameters: challenge } = pkce()
              const code = await codeFor(system, own, user, challenge)
              return {
                grant_type: 'authorization_code',
                code,
                redirect_uri: own.redirectUri,
                code_verifier: verifier,
              }
            })()
          : form
        const response = await post(metadata[`${endpoint}_endpoint`], { ...grant, ...parameters }, headers)
        expect(response.status, `${endpoint} ${method}`).toBe(200)
      }
      const jwtBySecret = { client_assertion: 'a.b.c', client_assertion_type: 'urn:other' }
      expect((await post(metadata[`${endpoint}_endpoint`], { ...form, ...jwtBySecret })).status).toBe(401)
    }
    expect(listed('introspection_endpoint_auth_methods_supported')).not.toContain('none')
    const [, parameters] = await credentials('none')
    expect((await post(metadata['introspection_endpoint'], { token: 'x', ...parameters })).status).toBe(401)
  })

  test('DSC-03 DSC-04 every assertion algorithm verifies, HS256 and none do not', async () => {
    const algorithms = listed('token_endpoint_auth_signing_alg_values_supported')
    expect(algorithms.length).toBeGreaterThan(2)
    const form = { grant_type: 'client_credentials' }
    for (const alg of algorithms) {
      const [, parameters] = await assertionOf(alg)
      expect((await post(metadata['token_endpoint'], { ...form, ...parameters })).status, alg).toBe(200)
    }
    const [own] = await assertionOf('ES256')
    const claims = Buffer.from(JSON.stringify({ iss: own.client_id, sub: own.client_id, aud: system.issuer, jti: 'x' }))
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims.toString('base64url')}.`
    const key = createHash('sha256').update(own.secret).digest()
    const symmetric = await new SignJWT(JSON.parse(claims.toString()))
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime('60s')
      .sign(key)
    for (const client_assertion of [unsigned, symmetric]) {
      const parameters = { client_assertion, client_assertion_type: assertionType }
      const refused = await post(metadata['token_endpoint'], { ...form, ...parameters })
      expect([refused.status, await refused.json()]).toMatchObject([401, { error: 'invalid_client' }])
    }
  })

  test('DSC-03 every claim that it lists can be had, by ID token or userinfo', async () => {
    const scope = listed('scopes_supported').join(' ')
    const tokens = await signedInTokens(system, client, user, { scope })
    const userinfo = await fetch(String(metadata['userinfo_endpoint']), {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    })
    const claims: Record<string, unknown> = {
      ...JSON.parse(Buffer.from(tokens.id_token.split('.')[1] ?? '', 'base64url').toString()),
      ...(await userinfo.json()),
    }
    for (const name of listed('claims_supported')) expect(claims, name).toHaveProperty(name)
  })

  test('XCT-05 scripts of other origins may call what they need, errors included, without credentials', async () => {
    const origin = { origin: 'https://app.example' }
    const { access_token } = await signedInTokens(system, client, user)
    for (const name of ['token', 'userinfo', 'revocation', 'pushed_authorization_request']) {
      const endpoint = String(metadata[`${name}_endpoint`])
      const asked = {
        ...origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization',
      }
      const preflight = await fetch(endpoint, { method: 'OPTIONS', headers: asked })
      expect(Object.fromEntries(preflight.headers), name).toMatchObject({
        'access-control-allow-origin': '*',
        'access-control-allow-methods': expect.stringContaining('POST'),
        'access-control-allow-headers': expect.stringContaining('authorization'),
      })
      const refused = await post(endpoint, { token: 'x' }, { ...origin, authorization: 'Bearer x' })
      expect([refused.status, refused.headers.get('access-control-allow-origin')], name).toEqual([401, '*'])
      expect(refused.headers.get('access-control-allow-credentials')).toBeNull()
    }
    const headers = { ...origin, authorization: `Bearer ${access_token}` }
    const userinfo = await fetch(String(metadata['userinfo_endpoint']), { headers })
    expect([userinfo.status, userinfo.headers.get('access-control-allow-origin')]).toEqual([200, '*'])
    for (const name of ['authorization', 'end_session']) {
      const preflight = await fetch(String(metadata[`${name}_endpoint`]), { method: 'OPTIONS', headers: origin })
      expect(preflight.headers.get('access-control-allow-origin')).toBeNull()
    }
  })

  test('DSC-03 DSC-05 what it says is off is off', async () => {
    expect(await errorOf({ request: 'a.b.c' })).toBe('request_not_supported')
    expect(await errorOf({ request_uri: 'https://rp.example/x' })).toBe('request_uri_not_supported')
    expect(listed('display_values_supported')).toEqual(['page'])
  })

  test('DSC-03 registration is named only where somebody may register', async () => {
    expect(metadata).toHaveProperty('registration_endpoint')
    await using closed = await sharedSystem()
    const other: object = await (await fetch(`${closed.issuer}/.well-known/openid-configuration`)).json()
    expect(other).not.toHaveProperty('registration_endpoint')
  })
})
