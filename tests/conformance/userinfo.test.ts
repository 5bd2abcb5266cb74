import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Agent } from '../support/agent.ts'
import { bodyOf, expectError } from '../support/answers.ts'
import { everyShard } from '../support/durable-objects.ts'
import { claimsOf, signedInTokens, tokenRequest } from '../support/oauth.ts'
import { profileClaims as profile } from '../support/profile-claims.ts'
import { everyClaim, sharedSystem, type System, type TestClient, type TestUser } from '../support/system.ts'

describe('the userinfo endpoint', () => {
  let system: System
  let client: TestClient
  let user: TestUser
  let agent: Agent
  beforeAll(async () => {
    system = await sharedSystem()
    ;[client, user] = await Promise.all([system.client(), system.user()])
    agent = system.agent()
  })
  afterAll(() => system[Symbol.asyncDispose]())

  const signIn = (scope = 'openid', of = client) => signedInTokens(system, of, user, { scope }, agent)
  const get = (headers: Record<string, string> = {}, query = '') =>
    fetch(`${system.issuer}/userinfo${query}`, { headers })
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
  const post = (body: BodyInit, headers: Record<string, string> = {}) =>
    fetch(`${system.issuer}/userinfo`, { method: 'POST', headers, body })
  const expectChallenge = async (response: Response, status: number, code: string) => {
    expect(response.headers.get('www-authenticate')).toMatch(new RegExp(`^Bearer error="${code}", error_description="`))
    await expectError(response, status, code)
  }

  test('B-30 B-31 B-32 G-09 USR-01 the token may come in the header of GET or POST, or in a form', async () => {
    const { access_token, id_token } = await signIn()
    const form = new URLSearchParams({ access_token })
    const answers = [
      await get(bearer(access_token)),
      await get({ authorization: `bearer ${access_token}` }),
      await post('', bearer(access_token)),
      await post(form),
    ]
    for (const answer of answers) {
      expect(answer.status).toBe(200)
      expect(answer.headers.get('content-type')).toBe('application/json')
      expect(answer.headers.get('cache-control')).toBe('no-store')
      expect(await bodyOf(answer)).toEqual({ sub: claimsOf(id_token)['sub'] })
    }
  })

  test('USR-01 a token in the address is refused, even beside a good one', async () => {
    const { access_token } = await signIn()
    await expectChallenge(await get({}, `?access_token=${access_token}`), 400, 'invalid_request')
    await expectChallenge(await get(bearer(access_token), '?access_token=x'), 400, 'invalid_request')
  })

  test('USR-02 without a token: a bare challenge', async () => {
    for (const response of [await get(), await post(''), await post(new URLSearchParams({ other: 'x' }))]) {
      expect(response.status).toBe(401)
      expect(response.headers.get('www-authenticate')).toBe('Bearer')
      expect(await response.text()).toBe('')
    }
  })

  test('USR-02 malformed, unknown or doubled credentials', async () => {
    const { access_token } = await signIn()
    for (const authorization of ['Basic abc', 'Bearer', 'Bearer a b', 'Bearer "quoted"', 'Token x', 'Bearer nonsense'])
      await expectChallenge(await get({ authorization }), 401, 'invalid_token')
    const form = new URLSearchParams({ access_token })
    await expectChallenge(await post(form, bearer(access_token)), 400, 'invalid_request')
    const twice = new URLSearchParams(`access_token=${access_token}&access_token=${access_token}`)
    await expectChallenge(await post(twice), 400, 'invalid_request')
  })

  test('USR-02 a token without openid, or of a client for itself, lacks the scope', async () => {
    await expectChallenge(await get(bearer((await signIn('api.read')).access_token)), 403, 'insufficient_scope')
    const own = await bodyOf(await tokenRequest(system, client, { grant_type: 'client_credentials' }))
    await expectChallenge(await get(bearer(String(own['access_token']))), 403, 'insufficient_scope')
  })

  test('USR-03 attack J9 ID tokens, refresh tokens, codes and tokens for others are no access tokens here', async () => {
    const tokens = await signIn('openid offline_access')
    for (const token of [tokens.id_token, tokens.refresh_token])
      await expectChallenge(await get(bearer(token)), 401, 'invalid_token')
    const resource = 'https://api.example/'
    const api = await system.client({ resource_indicators: [resource] })
    const elsewhere = await signedInTokens(system, api, user, { resource }, agent)
    await expectChallenge(await get(bearer(elsewhere.access_token)), 401, 'invalid_token')
  })

  test('USR-03 an opaque token is as good', async () => {
    const opaque = await system.client({ access_token_format: 'opaque' })
    const tokens = await signIn('openid email', opaque)
    expect(tokens.access_token).not.toContain('.')
    expect(await bodyOf(await get(bearer(tokens.access_token)))).toMatchObject({ sub: user.sub, email: user.email })
    const changed = `${tokens.access_token.slice(0, -1)}${tokens.access_token.endsWith('A') ? 'B' : 'A'}`
    await expectChallenge(await get(bearer(changed)), 401, 'invalid_token')
  })

  test('USR-03 a revoked token is refused at once, and so is everything of a person who is gone', async () => {
    const now = Math.floor(Date.now() / 1000)
    const { access_token } = await signIn()
    const { jti, exp } = claimsOf(access_token)
    for (const ledger of await everyShard(system, 'GRANT_LEDGER')) await ledger.revokeToken(String(jti), Number(exp))
    await expectChallenge(await get(bearer(access_token)), 401, 'invalid_token')
    const person = await system.user()
    const tokens = await signedInTokens(system, client, person)
    const { db } = system
    await db.prepare('UPDATE users SET disabled = 1 WHERE sub = ?').bind(person.sub).run()
    await expectChallenge(await get(bearer(tokens.access_token)), 401, 'invalid_token')
    await db.prepare('DELETE FROM users WHERE sub = ?').bind(person.sub).run()
    await expectChallenge(await get(bearer(tokens.access_token)), 401, 'invalid_token')
    const other = await signIn()
    for (const ledger of await everyShard(system, 'GRANT_LEDGER')) await ledger.revokeAll({ sub: user.sub }, now)
    await expectChallenge(await get(bearer(other.access_token)), 401, 'invalid_token')
  })

  test.each([
    ['B-33', 'profile', profile],
    ['B-34', 'email', ['email', 'email_verified']],
    ['B-35', 'address', ['address']],
    ['B-36', 'phone', ['phone_number', 'phone_number_verified']],
    [
      'B-37',
      'profile email address phone',
      [...profile, 'email', 'email_verified', 'address', 'phone_number', 'phone_number_verified'],
    ],
  ])('%s USR-06 the scope %s releases its claims, of the right types', async (_, scope, names) => {
    const { access_token, id_token } = await signIn(`openid ${scope}`)
    const claims = await bodyOf(await get(bearer(access_token)))
    expect(Object.keys(claims).toSorted((a, b) => a.localeCompare(b))).toEqual(
      ['sub', ...names].toSorted((a, b) => a.localeCompare(b)),
    )
    for (const [name, value] of Object.entries(claims)) {
      const type = name.endsWith('_verified') ? 'boolean' : { updated_at: 'number', address: 'object' }[name]
      expect(typeof value, name).toBe(type ?? 'string')
    }
    expect(claims).toMatchObject(
      Object.fromEntries(Object.entries(everyClaim).filter(([name]) => names.includes(name))),
    )
    for (const name of names) expect(claimsOf(id_token)).not.toHaveProperty(name)
  })

  test('B-33 B-34 B-35 B-36 B-37 all scopes at once', async () => {
    const { access_token } = await signIn('openid profile email address phone')
    expect(Object.keys(await bodyOf(await get(bearer(access_token))))).toHaveLength(20)
  })

  test('USR-05 absent claims are left out, not null or empty', async () => {
    const sparse = await system.user({ claims: { name: null, nickname: '', locale: 'en' } })
    const tokens = await signedInTokens(system, client, sparse, { scope: 'openid profile' })
    const claims = await bodyOf(await get(bearer(tokens.access_token)))
    expect(claims).toEqual({
      sub: sparse.sub,
      locale: 'en',
      preferred_username: sparse.username,
      updated_at: expect.any(Number),
    })
  })

  test('USR-09 XCT-05 attack X3 scripts of any origin may ask, never with credentials', async () => {
    const origin = 'https://app.example'
    const headers = {
      origin,
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'authorization',
    }
    const preflight = await fetch(`${system.issuer}/userinfo`, { method: 'OPTIONS', headers })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-methods')).toBe('GET, POST')
    expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization')
    const { access_token } = await signIn()
    for (const response of [preflight, await get({ origin, ...bearer(access_token) }), await get({ origin })]) {
      expect(response.headers.get('access-control-allow-origin')).toBe('*')
      expect(response.headers.get('access-control-allow-credentials')).toBeNull()
      expect(response.headers.get('access-control-expose-headers')).toContain('www-authenticate')
    }
  })

  test('other methods and other paths are refused without a challenge', async () => {
    const put = await fetch(`${system.issuer}/userinfo`, { method: 'PUT' })
    expect(put.status).toBe(405)
    expect(put.headers.get('allow')).toBe('GET, POST, HEAD, OPTIONS')
    const below = await fetch(`${system.issuer}/userinfo/x`)
    expect(below.status).toBe(404)
    for (const response of [put, below]) expect(response.headers.get('www-authenticate')).toBeNull()
  })
})
