import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { basic, claimsOf, signedInTokens, tokenRequest } from '../support/oauth.ts'
import { sharedSystem, type System, type TestClient, type TestUser } from '../support/system.ts'
import { json, postForm, refusal } from './support.ts'

const api = 'https://api.example'

describe('introspection', () => {
  let system: System
  let client: TestClient
  let user: TestUser
  const introspect = (caller: { client_id: string; secret: string }, form: Record<string, string>) =>
    postForm(`${system.issuer}/introspect`, form, basic(caller))
  const answer = async (caller: { client_id: string; secret: string }, token: string, hint?: string) => {
    const response = await introspect(caller, { token, ...(hint && { token_type_hint: hint }) })
    expect(response.status).toBe(200)
    return await json<Record<string, unknown>>(response)
  }
  const tokens = (of = client, parameters: Record<string, string> = { scope: 'openid offline_access' }) =>
    signedInTokens(system, of, user, parameters)

  beforeAll(async () => {
    system = await sharedSystem()
    ;[client, user] = await Promise.all([system.client({ resource_indicators: [api] }), system.user()])
  })
  afterAll(() => system[Symbol.asyncDispose]())

  test('REG-14 tells the client of an access token all about it', async () => {
    const { access_token: token } = await tokens()
    const claims = claimsOf(token)
    const response = await introspect(client, { token })
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.json()).toEqual({
      active: true,
      scope: 'openid offline_access',
      client_id: client.client_id,
      token_type: 'Bearer',
      sub: user.sub,
      aud: system.issuer,
      iss: system.issuer,
      exp: claims['exp'],
      iat: claims['iat'],
      jti: claims['jti'],
      acr: claims['acr'],
      amr: claims['amr'],
      auth_time: claims['auth_time'],
      sid: claims['sid'],
    })
  })

  test('REG-13 whatever is no live token is inactive, and nothing else is said', async () => {
    const { access_token: token, id_token: idToken } = await tokens()
    const forged = `${token.slice(0, -4)}AAAA`
    const unsigned = `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${token.split('.')[1]}.`
    for (const other of ['random', 'x'.repeat(60), forged, unsigned, idToken, '.', '..', 'a'.repeat(20_000)])
      expect(await answer(client, other), other.slice(0, 60)).toEqual({ active: false })
  })

  test('REG-13 only authenticated clients may ask; a public client may not', async () => {
    const url = `${system.issuer}/introspect`
    const spa = await system.client({ token_endpoint_auth_method: 'none', secrets: [] })
    expect(await refusal(await postForm(url, { token: 'x' }))).toEqual({ status: 401, error: 'invalid_client' })
    expect(await refusal(await postForm(url, { token: 'x', client_id: spa.client_id }))).toEqual({
      status: 401,
      error: 'invalid_client',
    })
    const wrong = await introspect({ ...client, secret: 'wrong' }, { token: 'x' })
    expect(wrong.headers.get('www-authenticate')).toMatch(/^Basic/)
    expect(wrong.status).toBe(401)
    expect((await fetch(url)).status).toBe(405)
    expect(await refusal(await introspect(client, {}))).toEqual({ status: 400, error: 'invalid_request' })
  })

  test('REG-15 attack C9: a resource server sees tokens for its own audience, and others’ only its client sees', async () => {
    const [server, other] = await Promise.all([
      system.client({ resource: api, grant_types: [], redirect_uris: [] }),
      system.client({ resource: 'https://other.example' }),
    ])
    const { access_token: token } = await tokens(client, { scope: 'openid', resource: api })
    expect(await answer(server, token)).toMatchObject({ active: true, aud: api, client_id: client.client_id })
    expect(await answer(client, token)).toMatchObject({ active: true })
    expect(await answer(other, token)).toEqual({ active: false })
  })

  test('attack C9: a refresh token is active for its own client only', async () => {
    const server = await system.client({ resource: system.issuer })
    const { refresh_token: token } = await tokens()
    expect(await answer(client, token)).toMatchObject({
      active: true,
      client_id: client.client_id,
      sub: user.sub,
      scope: 'openid offline_access',
      iss: system.issuer,
    })
    expect(await answer(client, token, 'access_token')).toMatchObject({ active: true })
    expect(await answer(server, token)).toEqual({ active: false })
  })

  test('a rotated refresh token is inactive, its successor is active', async () => {
    const { refresh_token: old } = await tokens()
    const refreshed = await tokenRequest(system, client, { grant_type: 'refresh_token', refresh_token: old })
    const { refresh_token: next } = await json<{ refresh_token: string }>(refreshed)
    expect(await answer(client, old)).toEqual({ active: false })
    expect(await answer(client, next)).toMatchObject({ active: true })
  })

  test('an opaque access token answers as a JWT does', async () => {
    const opaque = await system.client({ access_token_format: 'opaque' })
    const { access_token: token } = await tokens(opaque)
    expect(token).not.toContain('.')
    expect(await answer(opaque, token)).toMatchObject({ active: true, sub: user.sub, iss: system.issuer })
    expect(await answer(client, token)).toEqual({ active: false })
  })

  test('a client’s own token names the client as subject', async () => {
    const issued = await tokenRequest(system, client, { grant_type: 'client_credentials', scope: 'api.read' })
    const { access_token: token } = await json<{ access_token: string }>(issued)
    expect(await answer(client, token)).toMatchObject({ active: true, sub: client.client_id, scope: 'api.read' })
  })

  test('authenticates callers with private_key_jwt as well', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
    const caller = await system.client({
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [await exportJWK(publicKey)] },
      secrets: [],
      resource: system.issuer,
    })
    const assertion = await new SignJWT({ jti: crypto.randomUUID() })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer(caller.client_id)
      .setSubject(caller.client_id)
      .setAudience(system.issuer)
      .setExpirationTime('60s')
      .sign(privateKey)
    const { access_token: token } = await tokens()
    const response = await postForm(`${system.issuer}/introspect`, {
      token,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    })
    expect(await response.json()).toMatchObject({ active: true })
  })
})
