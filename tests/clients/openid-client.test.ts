import * as oidc from 'openid-client'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { arrival, goThrough, signIn } from '../support/person.ts'
import { openStage, type Stage } from '../support/stage.ts'
import { startSystem, type TestClient } from '../support/system.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage(startSystem({ variables: { REGISTRATION: 'open' } }))
})
afterEach(() => stage.tidy())
afterAll(() => stage.close())

const insecure = { execute: [oidc.allowInsecureRequests] }

function discover(
  client: Pick<TestClient, 'client_id' | 'secret'>,
  metadata?: Partial<oidc.ClientMetadata>,
  authentication: oidc.ClientAuth = oidc.ClientSecretBasic(client.secret),
): Promise<oidc.Configuration> {
  return oidc.discovery(new URL(stage.system.issuer), client.client_id, metadata, authentication, insecure)
}

/** A request with everything that can be checked, and the checks. */
async function request(scope: string, more: Record<string, string> = {}) {
  const checks = {
    expectedState: oidc.randomState(),
    expectedNonce: oidc.randomNonce(),
    pkceCodeVerifier: oidc.randomPKCECodeVerifier(),
    idTokenExpected: true,
  }
  const parameters = {
    redirect_uri: `${stage.site.origin}/callback`,
    scope,
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...more,
  }
  return { checks, parameters }
}

/** A person signs in through the browser and the library exchanges the code. */
async function tokensThroughBrowser(config: oidc.Configuration, scope = 'openid profile offline_access') {
  const [page, user] = await Promise.all([stage.newPage(), stage.system.user()])
  const { checks, parameters } = await request(scope)
  const callback = await goThrough(page, oidc.buildAuthorizationUrl(config, parameters), user)
  const tokens = await oidc.authorizationCodeGrant(config, callback, checks)
  return { page, user, callback, checks, tokens }
}

describe('openid-client through a browser', () => {
  test('B-01 B-23 B-30 signs in with code and PKCE, and reads userinfo', async () => {
    const config = await discover(await stage.client())
    const { tokens, user } = await tokensThroughBrowser(config, 'openid profile email')
    expect(tokens.claims()).toMatchObject({ sub: user.sub, acr: expect.any(String), amr: ['pwd'] })
    expect(tokens.refresh_token).toBeUndefined()
    const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, user.sub)
    expect(userinfo).toMatchObject({ sub: user.sub, name: 'Ada Lovelace', email: user.email, email_verified: true })
  })

  test('B-26 TOK-04 attack O1 a code works once, and its reuse ends the tokens it gave', async () => {
    const config = await discover(await stage.client())
    const { tokens, callback, checks, user } = await tokensThroughBrowser(config)
    await expect(oidc.authorizationCodeGrant(config, callback, checks)).rejects.toMatchObject({
      error: 'invalid_grant',
      status: 400,
    })
    await expect(oidc.fetchUserInfo(config, tokens.access_token, user.sub)).rejects.toMatchObject({ status: 401 })
    await expect(oidc.refreshTokenGrant(config, tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    })
  })

  test('B-28 B-29 TOK-09 refreshes, and the refresh token changes', async () => {
    const client = await stage.client({ token_endpoint_auth_method: 'client_secret_post' })
    const config = await discover(client, undefined, oidc.ClientSecretPost(client.secret))
    const { tokens, user } = await tokensThroughBrowser(config)
    const refreshed = await oidc.refreshTokenGrant(config, tokens.refresh_token ?? '')
    expect(refreshed.claims()).toMatchObject({ sub: user.sub, auth_time: tokens.claims()?.auth_time })
    expect(refreshed.refresh_token).not.toBe(tokens.refresh_token)
    expect(await oidc.fetchUserInfo(config, refreshed.access_token, user.sub)).toMatchObject({ sub: user.sub })
  })

  test('PAR-03 PAR-04 signs in by a pushed request, which works once', async () => {
    const client = await stage.client({ require_pushed_authorization_requests: true })
    const config = await discover(client)
    const [page, user] = await Promise.all([stage.newPage(), stage.system.user()])
    const { checks, parameters } = await request('openid')
    const url = await oidc.buildAuthorizationUrlWithPAR(config, parameters)
    expect([...url.searchParams.keys()].toSorted()).toEqual(['client_id', 'request_uri'])
    const callback = await goThrough(page, url, user)
    const tokens = await oidc.authorizationCodeGrant(config, callback, checks)
    expect(tokens.claims()?.sub).toBe(user.sub)

    await page.goto(url.href)
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Request not understood')
  })

  test('CLA-05 authenticates by private_key_jwt with registered keys', async () => {
    const { publicKey, privateKey } = await keyPair()
    const jwk = { ...(await crypto.subtle.exportKey('jwk', publicKey)), kid: 'first' }
    const client = await stage.client({
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: jwk.x ?? '', y: jwk.y ?? '', kid: 'first', alg: 'ES256' }] },
    })
    const config = await discover(client, undefined, oidc.PrivateKeyJwt({ key: privateKey, kid: 'first' }))
    const { tokens, user } = await tokensThroughBrowser(config)
    expect(tokens.claims()?.sub).toBe(user.sub)
    expect((await oidc.refreshTokenGrant(config, tokens.refresh_token ?? '')).access_token).toBeTruthy()
  })

  test('CLA-05 authenticates by private_key_jwt with the keys at its jwks_uri', async () => {
    const { publicKey, privateKey } = await keyPair()
    const keys = [{ ...(await crypto.subtle.exportKey('jwk', publicKey)), kid: 'theirs', alg: 'ES256' }]
    stage.site.pages.set('/jwks.json', () => ({
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ keys }),
    }))
    const client = await stage.client({
      token_endpoint_auth_method: 'private_key_jwt',
      jwks_uri: `${stage.site.origin}/jwks.json`,
    })
    const config = await discover(client, undefined, oidc.PrivateKeyJwt({ key: privateKey, kid: 'theirs' }))
    const [page, user] = await Promise.all([stage.newPage(), stage.system.user()])
    const { checks, parameters } = await request('openid')
    const callback = await goThrough(page, await oidc.buildAuthorizationUrlWithPAR(config, parameters), user)
    expect((await oidc.authorizationCodeGrant(config, callback, checks)).claims()?.sub).toBe(user.sub)
    expect(stage.site.requests.filter(({ url }) => url.pathname === '/jwks.json')).toHaveLength(2)
  })

  test('AUT-11 a denial comes back to the client as access_denied with iss', async () => {
    const config = await discover(await stage.client())
    const [page, user] = await Promise.all([stage.newPage(), stage.system.user()])
    const { checks, parameters } = await request('openid')
    await page.goto(oidc.buildAuthorizationUrl(config, parameters).href)
    await signIn(page, user)
    await page.getByRole('button', { name: 'Deny' }).click()
    const callback = await arrival(page)
    expect(callback.searchParams.get('iss')).toBe(stage.system.issuer)
    await expect(oidc.authorizationCodeGrant(config, callback, checks)).rejects.toMatchObject({
      error: 'access_denied',
    })
  })

  test('LGO-01 signs out at the provider and comes back with state', async () => {
    const client = await stage.client()
    const config = await discover(client)
    const { page, tokens } = await tokensThroughBrowser(config)
    const url = oidc.buildEndSessionUrl(config, {
      id_token_hint: tokens.id_token ?? '',
      post_logout_redirect_uri: client.post_logout_redirect_uris[0] ?? '',
      state: 'bye',
    })
    await page.goto(url.href)
    expect((await arrival(page, '/signed-out')).searchParams.get('state')).toBe('bye')
    // A new request meets no session.
    const { parameters } = await request('openid', { prompt: 'none' })
    await page.goto(oidc.buildAuthorizationUrl(config, parameters).href)
    expect((await arrival(page)).searchParams.get('error')).toBe('login_required')
  })
})

describe('openid-client and the management of clients and tokens', () => {
  test('REG-13 REG-14 introspects a live token, and a revoked one as inactive', async () => {
    const config = await discover(await stage.client())
    const { tokens, user } = await tokensThroughBrowser(config)
    const access = await oidc.tokenIntrospection(config, tokens.access_token)
    expect(access).toMatchObject({ active: true, sub: user.sub, scope: 'openid profile offline_access' })
    expect(await oidc.tokenIntrospection(config, tokens.refresh_token ?? '')).toMatchObject({ active: true })

    await oidc.tokenRevocation(config, tokens.access_token)
    expect(await oidc.tokenIntrospection(config, tokens.access_token)).toEqual({ active: false })
    await expect(oidc.fetchUserInfo(config, tokens.access_token, user.sub)).rejects.toMatchObject({ status: 401 })
  })

  test('REG-17 a revoked refresh token takes its grant along', async () => {
    const config = await discover(await stage.client())
    const { tokens } = await tokensThroughBrowser(config)
    await oidc.tokenRevocation(config, tokens.refresh_token ?? '', { token_type_hint: 'access_token' })
    await expect(oidc.refreshTokenGrant(config, tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    })
    expect(await oidc.tokenIntrospection(config, tokens.access_token)).toEqual({ active: false })
  })

  test('REG-04 registers itself and signs a person in', async () => {
    const config = await oidc.dynamicClientRegistration(
      new URL(stage.system.issuer),
      {
        client_name: 'Self-made',
        redirect_uris: [`${stage.site.origin}/callback`],
        grant_types: ['authorization_code', 'refresh_token'],
        token_endpoint_auth_method: 'client_secret_post',
      },
      undefined,
      insecure,
    )
    const registered = config.clientMetadata()
    expect(registered).toMatchObject({ client_name: 'Self-made', client_secret: expect.any(String) })
    const { tokens, user } = await tokensThroughBrowser(config)
    expect(tokens.claims()).toMatchObject({ sub: user.sub, aud: registered.client_id })
    expect((await oidc.refreshTokenGrant(config, tokens.refresh_token ?? '')).access_token).toBeTruthy()
  })
})

function keyPair(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
}
