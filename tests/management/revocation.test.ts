import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { basic, signedInTokens, tokenRequest } from '../support/oauth.ts'
import { sharedSystem, type System, type TestClient, type TestUser } from '../support/system.ts'
import { json, postForm, refusal } from './support.ts'

describe('revocation', () => {
  let system: System
  let client: TestClient
  let user: TestUser
  const revoke = (form: Record<string, string>, caller = client) =>
    postForm(`${system.issuer}/revoke`, form, basic(caller))
  const userinfo = async (token: string) =>
    (await fetch(`${system.issuer}/userinfo`, { headers: { authorization: `Bearer ${token}` } })).status
  const refresh = async (token: string) =>
    (await tokenRequest(system, client, { grant_type: 'refresh_token', refresh_token: token })).status
  const tokens = (of = client) => signedInTokens(system, of, user, { scope: 'openid offline_access' })

  beforeAll(async () => {
    system = await sharedSystem()
    ;[client, user] = await Promise.all([system.client(), system.user()])
  })
  afterAll(() => system[Symbol.asyncDispose]())

  test('REG-17 a refresh token takes its grant along, access tokens included, at once', async () => {
    const { access_token: access, refresh_token: token } = await tokens()
    expect(await userinfo(access)).toBe(200)
    const response = await revoke({ token })
    expect(response.status).toBe(200)
    expect(await response.text()).toBe('')
    expect(await userinfo(access)).toBe(401)
    expect(await refresh(token)).toBe(400)
  })

  test('REG-17 an access token goes alone', async () => {
    const { access_token: access, refresh_token: token } = await tokens()
    expect((await revoke({ token: access, token_type_hint: 'access_token' })).status).toBe(200)
    expect(await userinfo(access)).toBe(401)
    expect(await refresh(token)).toBe(200)
  })

  test('REG-17 REG-18 an opaque access token can be revoked as well', async () => {
    const opaque = await system.client({ access_token_format: 'opaque' })
    const { access_token: access } = await tokens(opaque)
    expect(await userinfo(access)).toBe(200)
    await revoke({ token: access }, opaque)
    expect(await userinfo(access)).toBe(401)
  })

  test('REG-17 a wrong or unknown hint does not matter', async () => {
    const { refresh_token: token } = await tokens()
    await revoke({ token, token_type_hint: 'access_token' })
    expect(await refresh(token)).toBe(400)
    const { access_token: access } = await tokens()
    await revoke({ token: access, token_type_hint: 'something' })
    expect(await userinfo(access)).toBe(401)
  })

  test('REG-17 an unknown token is answered like a known one', async () => {
    for (const token of ['unknown', 'x'.repeat(60), 'a.b.c']) {
      const response = await revoke({ token })
      expect(response.status).toBe(200)
      expect(await response.text()).toBe('')
      expect(response.headers.get('content-type')).toBeNull()
    }
  })

  test('attack C9: another client’s tokens stay as they are', async () => {
    const stranger = await system.client()
    const { access_token: access, refresh_token: token } = await tokens()
    expect((await revoke({ token: access }, stranger)).status).toBe(200)
    expect((await revoke({ token }, stranger)).status).toBe(200)
    expect(await userinfo(access)).toBe(200)
    expect(await refresh(token)).toBe(200)
  })

  test('a public client revokes by its client_id; a confidential one must authenticate', async () => {
    const spa = await system.client({ token_endpoint_auth_method: 'none', secrets: [] })
    expect((await postForm(`${system.issuer}/revoke`, { token: 'x', client_id: spa.client_id })).status).toBe(200)
    const lazy = await postForm(`${system.issuer}/revoke`, { token: 'x', client_id: client.client_id })
    expect(await refusal(lazy)).toEqual({ status: 401, error: 'invalid_client' })
    expect(await refusal(await revoke({}))).toEqual({ status: 400, error: 'invalid_request' })
  })

  test('XCT-05 scripts of other origins may call it, without credentials', async () => {
    const preflight = await fetch(`${system.issuer}/revoke`, {
      method: 'OPTIONS',
      headers: { origin: 'https://spa.example', 'access-control-request-method': 'POST' },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*')
    expect(preflight.headers.get('access-control-allow-credentials')).toBeNull()
    expect((await revoke({ token: 'x' })).headers.get('access-control-allow-origin')).toBe('*')
  })

  test('fault F33: a hundred grants revoked in parallel are refused at the next call', async () => {
    const issued = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const response = await tokenRequest(system, client, { grant_type: 'client_credentials', scope: 'api.read' })
        return (await json<{ access_token: string }>(response)).access_token
      }),
    )
    await Promise.all(issued.map((token) => revoke({ token })))
    const states = await Promise.all(
      issued.map(async (token) => {
        const response = await postForm(`${system.issuer}/introspect`, { token }, basic(client))
        return (await json<{ active: boolean }>(response)).active
      }),
    )
    expect(states.filter(Boolean)).toEqual([])
  })
})
