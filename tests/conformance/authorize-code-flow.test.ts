import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { authorizationPath, codeFor, signedInTokens, tokenRequest } from '../support/oauth.ts'
import { sharedSystem, type System, type TestUser } from '../support/system.ts'

describe('a whole code flow', () => {
  let system: System
  let user: TestUser
  beforeAll(async () => {
    system = await sharedSystem()
    user = await system.user()
  })
  afterAll(() => system[Symbol.asyncDispose]())

  function verified(idToken: string, audience: string) {
    const keys = createRemoteJWKSet(new URL(`${system.issuer}/.well-known/jwks.json`))
    return jwtVerify(idToken, keys, { issuer: system.issuer, audience })
  }

  test('B-01 G-08 without PKCE, by client_secret_basic: an ID token whose every claim holds', async () => {
    const client = await system.client()
    const tokens = await signedInTokens(system, client, user, { nonce: 'n-0S6_WzA2Mj' })
    expect(tokens).toMatchObject({ token_type: 'Bearer', expires_in: 600, scope: 'openid' })
    const { payload, protectedHeader } = await verified(tokens.id_token, client.client_id)
    const now = Date.now() / 1000
    expect(payload).toMatchObject({ sub: user.sub, nonce: 'n-0S6_WzA2Mj', acr: expect.stringMatching(/./) })
    expect(Math.abs((payload.iat ?? 0) - now)).toBeLessThan(300)
    expect(payload.exp).toBeGreaterThan(now)
    expect(payload['auth_time']).toBeLessThanOrEqual(now)
    expect(protectedHeader).toMatchObject({ alg: 'RS256', kid: expect.any(String) })
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(tokens.access_token))
    expect(payload['at_hash']).toBe(Buffer.from(digest).subarray(0, 16).toString('base64url'))
    for (const name of ['name', 'email', 'c_hash']) expect(payload).not.toHaveProperty(name)
  })

  test('B-17 acr_values are answered with the acr that the metadata lists', async () => {
    const client = await system.client()
    const response = await fetch(`${system.issuer}/.well-known/openid-configuration`)
    const metadata: { acr_values_supported: string[] } = await response.json()
    const acr_values = metadata.acr_values_supported.join(' ')
    const { id_token } = await signedInTokens(system, client, user, { acr_values })
    expect(metadata.acr_values_supported).toContain((await verified(id_token, client.client_id)).payload['acr'])
  })

  test('B-24 the ID token has the registered algorithm, RS256 otherwise, with a kid of the key set', async () => {
    const [rs, es] = await Promise.all([system.client(), system.client({ id_token_signed_response_alg: 'ES256' })])
    for (const [client, alg] of [
      [rs, 'RS256'],
      [es, 'ES256'],
    ] as const) {
      const { id_token } = await signedInTokens(system, client, user)
      expect(decodeProtectedHeader(id_token).alg).toBe(alg)
      await expect(verified(id_token, client.client_id)).resolves.toBeDefined()
    }
  })

  test('B-28 by client_secret_post', async () => {
    const client = await system.client({ token_endpoint_auth_method: 'client_secret_post' })
    const code = await codeFor(system, client, user)
    const form = {
      grant_type: 'authorization_code',
      code,
      redirect_uri: client.redirectUri,
      client_id: client.client_id,
      client_secret: client.secret,
    }
    const response = await fetch(`${system.issuer}/token`, { method: 'POST', body: new URLSearchParams(form) })
    expect(response.status).toBe(200)
  })

  test('G-07 a code without what it needs is invalid_request or invalid_grant, as JSON that is not stored', async () => {
    const client = await system.client()
    for (const [form, error] of [
      [{ grant_type: 'authorization_code' }, 'invalid_request'],
      [{ grant_type: 'authorization_code', code: 'x' }, 'invalid_grant'],
      [{}, 'invalid_request'],
      [{ grant_type: 'password' }, 'unsupported_grant_type'],
    ] as const) {
      const response = await tokenRequest(system, client, form)
      expect([response.status, response.headers.get('cache-control')]).toEqual([400, 'no-store'])
      expect(await response.json()).toMatchObject({ error })
    }
  })

  test('B-01 codes and state survive a person who mistypes the password first', async () => {
    const client = await system.client()
    const agent = system.agent()
    const page = await (await agent.follow(await agent.get(authorizationPath(client)))).text()
    const wrong = await agent.submit(page, { identifier: user.username, password: 'wrong password' }, '/signin')
    expect(wrong.status).toBe(400)
    const callback = await agent.authorize(
      '',
      user,
      await agent.submit(await wrong.text(), { identifier: user.email, password: user.password }, '/signin'),
    )
    expect(callback.searchParams.get('state')).toBe('the-state')
    expect(callback.searchParams.has('code')).toBe(true)
  })
})
