import { SignJWT, generateKeyPair } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Agent } from '../support/agent.ts'
import { answerOf, titleOf } from '../support/answer.ts'
import { authorizationPath, claimsOf, signedInTokens, tokenRequest } from '../support/oauth.ts'
import { startSession } from '../support/sessions.ts'
import { sharedSystem, startSystem, type System, type TestClient, type TestUser } from '../support/system.ts'

const returnUri = 'http://127.0.0.1:9/signed-out'
const state = 'x'.repeat(128)

describe('RP-initiated logout', () => {
  let system: System
  let client: TestClient
  beforeAll(async () => {
    system = await sharedSystem()
    client = await system.client()
  })
  afterAll(() => system[Symbol.asyncDispose]())

  async function signedIn(scope = 'openid'): Promise<{ agent: Agent; user: TestUser; hint: string; refresh: string }> {
    const [agent, user] = [system.agent(), await system.user()]
    await startSession(system, agent, user)
    const tokens = await signedInTokens(system, client, user, { scope }, agent)
    return { agent, user, hint: tokens.id_token, refresh: tokens.refresh_token }
  }

  function logout(agent: Agent, parameters: Record<string, string>): Promise<Response> {
    return agent.get(`/logout?${new URLSearchParams(parameters)}`)
  }

  async function isSignedIn(agent: Agent): Promise<boolean> {
    const { parameters } = answerOf(await agent.get(authorizationPath(client, { prompt: 'none' })))
    if (parameters['error'] !== undefined) expect(parameters['error']).toBe('login_required')
    return parameters['code'] !== undefined
  }

  async function expectQuestion(agent: Agent, response: Response): Promise<string> {
    const page = await response.text()
    expect([response.status, response.headers.get('location'), titleOf(page)]).toEqual([200, null, 'Sign out?'])
    expect(await isSignedIn(agent)).toBe(true)
    return page
  }

  async function expectSignedOut(agent: Agent, response: Response): Promise<void> {
    expect([response.status, response.headers.get('location')]).toEqual([200, null])
    expect(titleOf(await response.text())).toBe('You are signed out')
    expect(await isSignedIn(agent)).toBe(false)
  }

  test('RPL-01 the metadata names the endpoint', async () => {
    const response = await fetch(`${system.issuer}/.well-known/openid-configuration`)
    expect(await response.json()).toMatchObject({ end_session_endpoint: `${system.issuer}/logout` })
  })

  test('RPL-02 LGO-04 a hint, a registered URI and a state end the session and go there with the state alone', async () => {
    const { agent, hint } = await signedIn()
    const response = await logout(agent, { id_token_hint: hint, post_logout_redirect_uri: returnUri, state })
    expect([response.status, response.headers.get('location')]).toEqual([303, `${returnUri}?state=${state}`])
    expect(await isSignedIn(agent)).toBe(false)
  })

  test('RPL-03 attack O20 a URI that is not registered is not followed', async () => {
    const { agent, hint } = await signedIn()
    for (const uri of [
      'https://evil.example',
      'javascript:alert(1)',
      'http://127.0.0.1:9/callback',
      `${returnUri}/`,
      `${returnUri}#x`,
      returnUri.toUpperCase(),
      'http://127.0.0.1:10/signed-out',
    ]) {
      const parameters = { id_token_hint: hint, post_logout_redirect_uri: uri, state }
      await expectSignedOut(agent, await logout(agent, parameters))
    }
  })

  test('RPL-04 RPL-11 LGO-02 a hint that is unsigned, changed, or signed by the client proves nothing', async () => {
    const { agent, hint } = await signedIn()
    const [header = '', payload = '', signature = ''] = hint.split('.')
    const { privateKey } = await generateKeyPair('RS256')
    const unsigned = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')
    const changed = Buffer.from(JSON.stringify({ ...claimsOf(hint), sub: 'other' })).toString('base64url')
    for (const forged of [
      `${unsigned}.${payload}.`,
      `${header}.${changed}.${signature}`,
      await new SignJWT(claimsOf(hint)).setProtectedHeader({ alg: 'RS256', typ: 'JWT' }).sign(privateKey),
      'x',
    ]) {
      const parameters = { id_token_hint: forged, post_logout_redirect_uri: returnUri, state }
      const page = await expectQuestion(agent, await logout(agent, parameters))
      expect(page).not.toContain('127.0.0.1:9"')
      const withClient = { ...parameters, client_id: client.client_id }
      await expectQuestion(agent, await logout(agent, withClient))
    }
    const forged = { id_token_hint: 'x', post_logout_redirect_uri: returnUri, client_id: client.client_id }
    const page = await (await logout(agent, forged)).text()
    await expectSignedOut(agent, await agent.submit(page, {}, '/logout'))
  })

  test('RPL-05 LGO-03 without hint and client nobody is redirected, and the person is asked', async () => {
    const { agent } = await signedIn()
    const page = await expectQuestion(agent, await logout(agent, { post_logout_redirect_uri: returnUri, state }))
    await expectSignedOut(agent, await agent.submit(page, {}, '/logout'))
  })

  test('RPL-06 LGO-03 without parameters the person is asked, and then signed out', async () => {
    const { agent } = await signedIn()
    const page = await expectQuestion(agent, await logout(agent, {}))
    await expectSignedOut(agent, await agent.submit(page, {}, '/logout'))
    await expectSignedOut(agent, await logout(agent, {}))
  })

  test('RPL-07 a hint and a state without URI end on our page', async () => {
    const { agent, hint } = await signedIn()
    await expectSignedOut(agent, await logout(agent, { id_token_hint: hint, state }))
  })

  test('RPL-08 without state the redirect has none', async () => {
    const { agent, hint } = await signedIn()
    const response = await logout(agent, { id_token_hint: hint, post_logout_redirect_uri: returnUri })
    expect([response.status, response.headers.get('location')]).toEqual([303, returnUri])
    expect(await isSignedIn(agent)).toBe(false)
  })

  test('RPL-09 only a state: asked, then our page', async () => {
    const { agent } = await signedIn()
    const page = await expectQuestion(agent, await logout(agent, { state }))
    await expectSignedOut(agent, await agent.submit(page, {}, '/logout'))
  })

  test('RPL-10 a query added to the registered URI makes it another', async () => {
    const { agent, hint } = await signedIn()
    const parameters = { id_token_hint: hint, post_logout_redirect_uri: `${returnUri}?foo=bar`, state }
    await expectSignedOut(agent, await logout(agent, parameters))
  })

  test('LGO-01 the URI has to be of the client that hint or client_id names', async () => {
    const other = await system.client({ post_logout_redirect_uris: ['http://127.0.0.1:9/other'] })
    const { agent, hint } = await signedIn()
    const foreign = { id_token_hint: hint, post_logout_redirect_uri: 'http://127.0.0.1:9/other' }
    await expectSignedOut(agent, await logout(agent, foreign))
    const again = await signedIn()
    const named = { client_id: other.client_id, post_logout_redirect_uri: 'http://127.0.0.1:9/other', state: 's' }
    const page = await expectQuestion(again.agent, await logout(again.agent, named))
    const confirmed = await again.agent.submit(page, {}, '/logout')
    expect([confirmed.status, confirmed.headers.get('location')]).toEqual([303, 'http://127.0.0.1:9/other?state=s'])
    expect(await isSignedIn(again.agent)).toBe(false)
  })

  test('LGO-01 a registered URI with a query keeps it', async () => {
    const uri = 'http://127.0.0.1:9/out?tenant=a'
    const tenant = await system.client({ post_logout_redirect_uris: [uri] })
    const agent = system.agent()
    const { id_token } = await signedInTokens(system, tenant, await system.user(), {}, agent)
    const parameters = { id_token_hint: id_token, post_logout_redirect_uri: uri, state: 's' }
    expect((await logout(agent, parameters)).headers.get('location')).toBe(`${uri}&state=s`)
  })

  test('LGO-02 a hint for another person asks instead of signing out', async () => {
    const [one, other] = [await signedIn(), await signedIn()]
    const parameters = { id_token_hint: other.hint, post_logout_redirect_uri: returnUri }
    await expectQuestion(one.agent, await logout(one.agent, parameters))
  })

  test('LGO-02 a hint that expired still counts', async () => {
    await using short = await startSystem({ variables: { ID_TOKEN_EXPIRY: '1' } })
    const own = await short.client()
    const agent = short.agent()
    const { id_token } = await signedInTokens(short, own, await short.user(), {}, agent)
    await expect.poll(() => Number(claimsOf(id_token)['exp']) < Date.now() / 1000 - 1, { timeout: 5000 }).toBe(true)
    const parameters = { id_token_hint: id_token, post_logout_redirect_uri: returnUri }
    expect((await logout(agent, parameters)).headers.get('location')).toBe(returnUri)
  })

  test('LGO-04 by POST, from the client’s site without cookies, the session is found and ended', async () => {
    const { agent, hint } = await signedIn()
    const form = { id_token_hint: hint, post_logout_redirect_uri: returnUri, state: 's' }
    const posted = await agent.post('/logout', form, { 'sec-fetch-site': 'cross-site', cookie: '' })
    expect([posted.status, posted.headers.get('location')]).toEqual([303, expect.stringMatching(/^\/logout\?/)])
    expect((await agent.follow(posted)).headers.get('location')).toBe(`${returnUri}?state=s`)
    expect(await isSignedIn(agent)).toBe(false)
  })

  test('LGO-04 client_id has to match the hint; repeated parameters are refused; others are tolerated', async () => {
    const other = await system.client()
    const { agent, hint } = await signedIn()
    const mismatch = await logout(agent, { id_token_hint: hint, client_id: other.client_id })
    expect([mismatch.status, mismatch.headers.get('location')]).toEqual([400, null])
    const repeated = await agent.get(`/logout?state=a&state=b&id_token_hint=${hint}`)
    expect(repeated.status).toBe(400)
    const posted = await agent.post('/logout', new URLSearchParams(`state=a&state=b&id_token_hint=${hint}`))
    expect((await agent.follow(posted)).status).toBe(400)
    expect(await isSignedIn(agent)).toBe(true)
    const tolerated = { id_token_hint: hint, ui_locales: 'se', logout_hint: 'ada', client_id: client.client_id }
    await expectSignedOut(agent, await logout(agent, tolerated))
  })

  test('LGO-09 what the session began ends with it, apart from offline access', async () => {
    const { agent, user, hint, refresh } = await signedIn('openid offline_access')
    const { access_token } = await signedInTokens(system, client, user, {}, agent)
    await expectSignedOut(agent, await logout(agent, { id_token_hint: hint }))
    const userinfo = () => fetch(`${system.issuer}/userinfo`, { headers: { authorization: `Bearer ${access_token}` } })
    await expect.poll(async () => (await userinfo()).status).toBe(401)
    const refreshed = await tokenRequest(system, client, { grant_type: 'refresh_token', refresh_token: refresh })
    expect(refreshed.status).toBe(200)
  })
})
