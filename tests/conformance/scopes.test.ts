import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answerOf } from '../support/answer.ts'
import { authorizationPath, claimsOf, codeFor, signedInTokens, tokenRequest } from '../support/oauth.ts'
import { profileClaims as profile } from '../support/profile-claims.ts'
import { everyClaim, sharedSystem, type System, type TestClient, type TestUser } from '../support/system.ts'

describe('scopes and resources', () => {
  let system: System
  let client: TestClient
  let user: TestUser
  beforeAll(async () => {
    system = await sharedSystem()
    client = await system.client({ resource_indicators: ['https://api.example/a', 'https://api.example/b'] })
    user = await system.user()
  })
  afterAll(() => system[Symbol.asyncDispose]())

  async function userinfo(accessToken: string, init: RequestInit = {}): Promise<Record<string, unknown>> {
    const response = await fetch(`${system.issuer}/userinfo`, {
      headers: { authorization: `Bearer ${accessToken}` },
      ...init,
    })
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json'])
    const body: Record<string, unknown> = await response.json()
    return body
  }

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
  ])(
    '%s scope %s releases its claims at userinfo, rightly typed, and none in the ID token',
    async (_, scope, names) => {
      const tokens = await signedInTokens(system, client, user, { scope: `openid ${scope}` })
      const claims = await userinfo(tokens.access_token)
      expect(new Set(Object.keys(claims))).toEqual(new Set(['sub', ...names]))
      const types: Record<string, string> = {
        updated_at: 'number',
        email_verified: 'boolean',
        phone_number_verified: 'boolean',
        address: 'object',
      }
      for (const name of names) expect(typeof claims[name], name).toBe(types[name] ?? 'string')
      for (const name of names) expect(claimsOf(tokens.id_token)).not.toHaveProperty(name)
      if (scope === 'address') expect(claims['address']).toEqual(everyClaim.address)
    },
  )

  test('B-30 B-31 B-32 userinfo takes the token by GET, by POST in the header, and by POST in the form', async () => {
    const { access_token, id_token } = await signedInTokens(system, client, user)
    const form = { method: 'POST', headers: {}, body: new URLSearchParams({ access_token }) }
    for (const claims of [
      await userinfo(access_token),
      await userinfo(access_token, { method: 'POST', headers: { authorization: `Bearer ${access_token}` } }),
      await userinfo(access_token, form),
    ])
      expect(claims).toEqual({ sub: claimsOf(id_token)['sub'] })
  })

  test('B-38 a claims parameter that is not advertised does not leak its claim into the ID token', async () => {
    const claims = '{"userinfo":{"name":{"essential":true}},"id_token":{"email":null}}'
    const { id_token } = await signedInTokens(system, client, user, { claims })
    for (const name of ['name', 'email']) expect(claimsOf(id_token)).not.toHaveProperty(name)
  })

  test('AUT-22 without openid it is plain OAuth: no ID token, and userinfo refuses', async () => {
    const tokens = await signedInTokens(system, client, user, { scope: 'api.read email' })
    expect(tokens.scope).toBe('api.read email')
    expect(tokens).not.toHaveProperty('id_token')
    const refused = await fetch(`${system.issuer}/userinfo`, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    })
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
      403,
      expect.stringContaining('error="insufficient_scope"'),
    ])
  })

  test('AUT-22 unknown scopes are dropped, and the answer says what was granted', async () => {
    const tokens = await signedInTokens(system, client, user, { scope: 'foo openid openid api.admin' })
    expect([tokens.scope, claimsOf(tokens.access_token)['scope']]).toEqual(['openid', 'openid'])
  })

  test('AUT-21 B-29 offline_access gives a refresh token with consent; without the scope there is none', async () => {
    expect(await signedInTokens(system, client, user)).not.toHaveProperty('refresh_token')
    const agent = system.agent()
    const path = authorizationPath(client, { scope: 'openid offline_access' })
    await codeFor(system, client, user, {}, agent)
    const page = await (await agent.follow(await agent.get(path))).text()
    expect(page).toContain('Stay connected while you are away')
    const silent = answerOf(
      await agent.get(authorizationPath(client, { scope: 'openid offline_access', prompt: 'none' })),
    )
    expect(silent.parameters).toMatchObject({ error: 'consent_required' })
    const tokens = await signedInTokens(system, client, user, { scope: 'openid offline_access', prompt: 'consent' })
    const refreshed = await tokenRequest(system, client, {
      grant_type: 'refresh_token',
      refresh_token: tokens.refresh_token,
    })
    expect([refreshed.status, refreshed.headers.get('cache-control')]).toEqual([200, 'no-store'])
    const body: { id_token: string; refresh_token: string } = await refreshed.json()
    const { iss, sub, aud, auth_time } = claimsOf(tokens.id_token)
    expect(claimsOf(body.id_token)).toMatchObject({ iss, sub, aud, auth_time })
    expect(body.refresh_token).toMatch(/^[\x20-\x7e]+$/)
    const thief = await tokenRequest(system, await system.client(), {
      grant_type: 'refresh_token',
      refresh_token: body.refresh_token,
    })
    expect([thief.status, await thief.json()]).toMatchObject([400, { error: 'invalid_grant' }])
  })

  test('AUT-21 offline_access is dropped for a client without the refresh grant, and not shown at consent', async () => {
    const online = await system.client({ grant_types: ['authorization_code'] })
    const agent = system.agent()
    await codeFor(system, client, user, {}, agent)
    const path = authorizationPath(online, { scope: 'openid offline_access' })
    expect(await (await agent.follow(await agent.get(path))).text()).not.toContain('Stay connected')
    const tokens = await signedInTokens(system, online, user, { scope: 'openid offline_access' })
    expect(tokens.scope).toBe('openid')
    expect(tokens).not.toHaveProperty('refresh_token')
  })

  test('AUT-24 resource names what the token is for, may be repeated, and is shown at consent', async () => {
    const path = `${authorizationPath(client, { scope: 'openid api.read' })}&resource=${encodeURIComponent('https://api.example/a')}&resource=${encodeURIComponent('https://api.example/b')}`
    const callback = await system.agent().authorize(path, user)
    const form = {
      grant_type: 'authorization_code',
      code: callback.searchParams.get('code') ?? '',
      redirect_uri: client.redirectUri,
    }
    const tokens: { access_token: string } = await (await tokenRequest(system, client, form)).json()
    expect(claimsOf(tokens.access_token)['aud']).toEqual(['https://api.example/a', 'https://api.example/b'])
    const agent = system.agent()
    await codeFor(system, client, await system.user(), {}, agent)
    const page = await agent.follow(
      await agent.get(authorizationPath(client, { resource: 'https://api.example/a', prompt: 'consent' })),
    )
    expect(await page.text()).toContain('api.example')
  })

  test('AUT-24 a resource that is relative, has a fragment or is unknown is invalid_target', async () => {
    for (const resource of [
      'rel/x',
      'https://api.example/a#x',
      'https://api.example/c',
      'https://api.example/A',
      '//api.example/a',
    ])
      expect(
        answerOf(await system.agent().get(authorizationPath(client, { resource }))).parameters,
        resource,
      ).toMatchObject({ error: 'invalid_target', state: 'the-state' })
  })
})
