import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Agent } from '../support/agent.ts'
import { bodyOf, expectError } from '../support/answers.ts'
import { Doubles, withDoubles } from '../support/doubles.ts'
import { authorizationPath, basic, claimsOf, codeFor, pkce, tokenRequest } from '../support/oauth.ts'
import { type System, type TestClient, type TestUser, startSystem } from '../support/system.ts'

describe('the token endpoint', () => {
  let system: System
  let client: TestClient
  let user: TestUser
  let agent: Agent
  let clock: Doubles
  beforeAll(async () => {
    system = await startSystem({ transform: withDoubles('op-token') })
    clock = new Doubles(system.issuer, 'op-token')
    ;[client, user] = await Promise.all([system.client(), system.user()])
    agent = system.agent()
  })
  afterAll(() => system[Symbol.asyncDispose]())

  const code = (parameters: Record<string, string | null> = {}, of = client) =>
    codeFor(system, of, user, parameters, agent)
  const redeem = (value: string, more: Record<string, string> = {}, of = client) =>
    tokenRequest(system, of, { grant_type: 'authorization_code', code: value, redirect_uri: of.redirectUri, ...more })
  const userinfo = (accessToken: unknown) =>
    fetch(`${system.issuer}/userinfo`, { headers: { authorization: `Bearer ${String(accessToken)}` } })
  const post = (body: BodyInit, headers: Record<string, string> = {}) =>
    fetch(`${system.issuer}/token`, { method: 'POST', headers: { ...basic(client), ...headers }, body })

  test('TOK-01 only a form that is posted is a token request', async () => {
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'HEAD']) {
      const response = await fetch(`${system.issuer}/token?grant_type=client_credentials`, {
        method,
        headers: basic(client),
      })
      expect(response.status).toBe(405)
      expect(response.headers.get('allow')).toBe('POST, OPTIONS')
    }
    await expectError(
      await post(JSON.stringify({ grant_type: 'client_credentials' }), { 'content-type': 'application/json' }),
      400,
      'invalid_request',
    )
    await expectError(
      await post('grant_type=client_credentials', { 'content-type': 'text/plain' }),
      400,
      'invalid_request',
    )
  })

  test('TOK-01 attack O12 a repeated parameter is refused, an empty one is absent', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const twice = 'grant_type=client_credentials&grant_type=client_credentials'
    await expectError(await post(twice, form), 400, 'invalid_request')
    await expectError(await post('grant_type=client_credentials&code=a&code=b', form), 400, 'invalid_request')
    await expectError(await post('grant_type=&scope=', form), 400, 'invalid_request')
    expect((await post('grant_type=client_credentials&scope=&unknown=1', form)).status).toBe(200)
  })

  test('TOK-02 G-07 neither success nor error is cached, and the answer is what RFC 6749 §5.1 says', async () => {
    const good = await tokenRequest(system, client, { grant_type: 'client_credentials' })
    const bad = await tokenRequest(system, client, { grant_type: 'nonsense' })
    for (const response of [good, bad]) {
      expect(response.headers.get('cache-control')).toBe('no-store')
      expect(response.headers.get('pragma')).toBe('no-cache')
    }
    expect(await bodyOf(good)).toEqual({
      access_token: expect.stringMatching(/^[\x20-\x7e]+$/),
      token_type: 'Bearer',
      expires_in: 600,
      scope: 'api.read api.write',
    })
  })

  test('TOK-03 TOK-12 grant types: missing, unknown, forbidden, and no password grant', async () => {
    const [only, nothing] = await Promise.all([
      system.client({ grant_types: ['authorization_code'] }),
      system.client({ grant_types: [] }),
    ])
    await expectError(await tokenRequest(system, client, { scope: 'openid' }), 400, 'invalid_request')
    for (const grant_type of ['nonsense', 'constructor', '__proto__', 'toString', 'implicit'])
      await expectError(await tokenRequest(system, client, { grant_type }), 400, 'unsupported_grant_type')
    const password = { grant_type: 'password', username: user.username, password: user.password }
    await expectError(await tokenRequest(system, client, password), 400, 'unsupported_grant_type')
    await expectError(await tokenRequest(system, only, { grant_type: 'refresh_token' }), 400, 'unauthorized_client')
    await expectError(
      await tokenRequest(system, nothing, { grant_type: 'authorization_code' }),
      400,
      'unauthorized_client',
    )
    await expectError(await tokenRequest(system, client, { grant_type: 'authorization_code' }), 400, 'invalid_request')
  })

  test('B-26 TOK-04 attack O1 a reused code is refused, and what it gave counts no more', async () => {
    const value = await code({ scope: 'openid offline_access' })
    const tokens = await bodyOf(await redeem(value))
    expect((await userinfo(tokens['access_token'])).status).toBe(200)
    await expectError(await redeem(value), 400, 'invalid_grant')
    expect((await userinfo(tokens['access_token'])).status).toBe(401)
    const refresh = { grant_type: 'refresh_token', refresh_token: String(tokens['refresh_token']) }
    await expectError(await tokenRequest(system, client, refresh), 400, 'invalid_grant')
  })

  test('B-27 thirty seconds later it is the same', async () => {
    const value = await code()
    const tokens = await bodyOf(await redeem(value))
    await clock.advance(30)
    await expectError(await redeem(value), 400, 'invalid_grant')
    await clock.advance(0)
    expect((await userinfo(tokens['access_token'])).status).toBe(401)
  })

  test('AUT-10 a code is good for a minute and not a second longer', async () => {
    const [early, late] = [await code(), await code()]
    await clock.advance(58)
    expect((await redeem(early)).status).toBe(200)
    await clock.advance(61)
    await expectError(await redeem(late), 400, 'invalid_grant')
    await clock.advance(0)
  })

  test('attack O2 a code that another client presents stays good, and so does what it gives', async () => {
    const [value, thief] = [await code(), await system.client()]
    await expectError(await redeem(value, { redirect_uri: client.redirectUri }, thief), 400, 'invalid_grant')
    const tokens = await bodyOf(await redeem(value))
    await expectError(await redeem(value, {}, thief), 400, 'invalid_grant')
    expect((await userinfo(tokens['access_token'])).status).toBe(200)
  })

  test('attack O3 fault F32 TOK-04 XCT-01 of a hundred parallel redemptions one succeeds, and then its token is dead', async () => {
    const value = await code({ scope: 'openid offline_access' })
    const responses = await Promise.all(Array.from({ length: 100 }, () => redeem(value)))
    const good = responses.filter((response) => response.status === 200)
    expect(good).toHaveLength(1)
    for (const response of responses) if (response.status !== 200) await expectError(response, 400, 'invalid_grant')
    const tokens = good[0] ? await bodyOf(good[0]) : {}
    expect((await userinfo(tokens['access_token'])).status).toBe(401)
  })

  test('TOK-05 the redirect URI is repeated exactly', async () => {
    for (const redirect_uri of ['', `${client.redirectUri}/`, `${client.redirectUri}?a`, 'https://evil.example/'])
      await expectError(await redeem(await code(), { redirect_uri }), 400, 'invalid_grant')
  })

  test('TOK-06 attack O4 attack O10 a verifier fits its challenge, and a wrong one spends the code', async () => {
    const { verifier, parameters } = pkce()
    expect((await redeem(await code(parameters), { code_verifier: verifier })).status).toBe(200)
    const wrong = ['', verifier.slice(0, 42), `${verifier}x`, 'a'.repeat(129), 'ü'.repeat(50), pkce().verifier]
    for (const code_verifier of wrong) {
      const value = await code(parameters)
      await expectError(await redeem(value, { code_verifier }), 400, 'invalid_grant')
      await expectError(await redeem(value, { code_verifier: verifier }), 400, 'invalid_grant')
    }
  })

  test('AUT-09 attack O10 a verifier that nobody announced is refused', async () => {
    await expectError(await redeem(await code(), { code_verifier: pkce().verifier }), 400, 'invalid_grant')
  })

  test('TOK-11 a client that acts for itself gets an access token and nothing about people', async () => {
    const asked = { grant_type: 'client_credentials', scope: 'api.read' }
    const body = await bodyOf(await tokenRequest(system, client, asked))
    expect(Object.keys(body)).toEqual(['access_token', 'token_type', 'expires_in', 'scope'])
    expect(claimsOf(String(body['access_token']))).toMatchObject({ sub: client.client_id, client_id: client.client_id })
    expect((await userinfo(body['access_token'])).status).toBe(403)
    for (const scope of ['openid', 'offline_access', 'email', 'admin', 'api.read openid'])
      await expectError(await tokenRequest(system, client, { ...asked, scope }), 400, 'invalid_scope')
    const open = await system.client({ token_endpoint_auth_method: 'none' })
    const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: open.client_id })
    await expectError(await fetch(`${system.issuer}/token`, { method: 'POST', body: form }), 400, 'unauthorized_client')
  })

  test('attack O17 a huge scope is refused', async () => {
    const scope = 'api.read '.repeat(300)
    await expectError(
      await tokenRequest(system, client, { grant_type: 'client_credentials', scope }),
      400,
      'invalid_scope',
    )
  })

  test('TOK-14 a token is for the resources that were granted, or some of them', async () => {
    const [one, two] = ['https://one.example/api', 'https://two.example/api']
    const api = await system.client({ resource_indicators: [one, two] })
    const path = `${authorizationPath(api)}&${new URLSearchParams([
      ['resource', one],
      ['resource', two],
    ])}`
    const granted = async () => (await agent.authorize(path, user)).searchParams.get('code') ?? ''
    const audience = async (response: Response) => claimsOf(String((await bodyOf(response))['access_token']))['aud']
    expect(await audience(await redeem(await granted(), {}, api))).toEqual([one, two])
    expect(await audience(await redeem(await granted(), { resource: two }, api))).toBe(two)
    for (const resource of ['https://three.example/', system.issuer, 'rel/x'])
      await expectError(await redeem(await granted(), { resource }, api), 400, 'invalid_target')
    const own = { grant_type: 'client_credentials', resource: one }
    expect(await audience(await tokenRequest(system, api, own))).toBe(one)
    await expectError(await tokenRequest(system, client, own), 400, 'invalid_target')
  })

  test.each(['RS256', 'ES256'] as const)('B-24 G-08 TOK-15 an ID token signed with %s', async (alg) => {
    const other = await system.client({ id_token_signed_response_alg: alg })
    const before = Math.floor(Date.now() / 1000)
    const value = await codeFor(system, other, user, { scope: 'openid profile email' }, agent)
    const tokens = await bodyOf(await redeem(value, {}, other))
    const idToken = String(tokens['id_token'])
    const { payload, protectedHeader } = await jwtVerify(
      idToken,
      createRemoteJWKSet(new URL(`${system.issuer}/.well-known/jwks.json`)),
      { issuer: system.issuer, audience: other.client_id },
    )
    expect(protectedHeader).toEqual({ alg, typ: 'JWT', kid: expect.any(String) })
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(String(tokens['access_token'])))
    expect(payload).toEqual({
      iss: system.issuer,
      sub: user.sub,
      aud: other.client_id,
      iat: expect.any(Number),
      exp: Number(payload.iat) + 3600,
      auth_time: expect.any(Number),
      nonce: 'the-nonce',
      acr: expect.stringMatching(/./),
      amr: ['pwd'],
      sid: expect.stringMatching(/./),
      at_hash: Buffer.from(digest, 0, 16).toString('base64url'),
    })
    expect(Number(payload.iat)).toBeGreaterThanOrEqual(before)
    expect(payload['auth_time']).toBeLessThanOrEqual(Number(payload.iat))
  })

  test('an authorization without openid gives no ID token', async () => {
    const body = await bodyOf(await redeem(await code({ scope: 'api.read' })))
    expect(Object.keys(body)).toEqual(['access_token', 'token_type', 'expires_in', 'scope'])
  })

  test('TOK-13 an access token is what RFC 9068 says', async () => {
    const { access_token } = await bodyOf(await redeem(await code({ scope: 'openid email' })))
    const { payload, protectedHeader } = await jwtVerify(
      String(access_token),
      createRemoteJWKSet(new URL(`${system.issuer}/.well-known/jwks.json`)),
    )
    expect(protectedHeader).toMatchObject({ alg: 'ES256', typ: 'at+jwt' })
    expect(payload).toMatchObject({
      iss: system.issuer,
      aud: system.issuer,
      sub: user.sub,
      client_id: client.client_id,
      scope: 'openid email',
      exp: Number(payload.iat) + 600,
      jti: expect.stringMatching(/./),
      auth_time: expect.any(Number),
      acr: expect.any(String),
    })
    const rsa = await system.client({ access_token_signed_response_alg: 'RS256' })
    const signed = await bodyOf(await tokenRequest(system, rsa, { grant_type: 'client_credentials' }))
    expect(decodeProtectedHeader(String(signed['access_token']))).toMatchObject({ alg: 'RS256', typ: 'at+jwt' })
  })

  test('TOK-25 whatever is sent, the description is plain text without what was sent', async () => {
    const marker = 'x<"\\\u00e9\u202e>secret'
    const forms: Record<string, string>[] = [
      { grant_type: marker },
      { grant_type: 'authorization_code', code: marker },
      { grant_type: 'refresh_token', refresh_token: marker },
      { grant_type: 'client_credentials', scope: marker },
      { grant_type: 'client_credentials', resource: marker },
      { [marker]: marker },
    ]
    for (const form of forms) {
      const response = await tokenRequest(system, client, form)
      const { error_description } = await bodyOf(response)
      expect(response.status).toBe(400)
      expect(error_description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/)
      expect(error_description).not.toContain('secret')
    }
  })

  test('XCT-05 attack X3 scripts of any origin may call it, never with credentials', async () => {
    const origin = 'https://app.example'
    const preflight = await fetch(`${system.issuer}/token`, { method: 'OPTIONS', headers: { origin } })
    expect(preflight.status).toBe(204)
    const answer = await fetch(`${system.issuer}/token`, { method: 'POST', headers: { origin, ...basic(client) } })
    for (const response of [preflight, answer]) {
      expect(response.headers.get('access-control-allow-origin')).toBe('*')
      expect(response.headers.get('access-control-allow-credentials')).toBeNull()
    }
    expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization')
  })

  test('XCT-02 no secret, code, token or password is ever logged, nor anything personal', async () => {
    const value = await code({ scope: 'openid offline_access email' })
    const { verifier } = pkce()
    const tokens = await bodyOf(await redeem(value))
    await redeem(value, { code_verifier: verifier })
    await userinfo(tokens['access_token'])
    await userinfo(tokens['id_token'])
    await fetch(`${system.issuer}/userinfo?access_token=${String(tokens['access_token'])}`)
    await tokenRequest(system, { ...client, secret: 'a wrong secret' }, { grant_type: 'client_credentials' })
    const refresh = { grant_type: 'refresh_token', refresh_token: String(tokens['refresh_token']) }
    await tokenRequest(system, client, refresh)
    await tokenRequest(system, client, { ...refresh, scope: 'too much' })
    const log = JSON.stringify(system.logs)
    expect(log).toContain(client.client_id)
    const secrets = [value, verifier, client.secret, 'a wrong secret', user.password, user.email, 'Lovelace']
    const signatures = ['access_token', 'id_token', 'refresh_token'].map((name) => String(tokens[name]).slice(-30))
    for (const secret of [...secrets, ...signatures]) expect(log).not.toContain(secret)
    for (const cookie of agent.cookies.values()) expect(log).not.toContain(cookie)
  })
})
