import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Agent } from '../support/agent.ts'
import { answerOf, titleOf } from '../support/answer.ts'
import { authorizationPath, claimsOf, codeFor, signedInTokens, tokenRequest } from '../support/oauth.ts'
import { startSession } from '../support/sessions.ts'
import { ageSessions } from '../support/sessions.ts'
import { sharedSystem, type System, type TestClient, type TestUser } from '../support/system.ts'

describe('prompts and the age of a sign-in', () => {
  let system: System
  let client: TestClient
  beforeAll(async () => {
    system = await sharedSystem()
    client = await system.client()
  })
  afterAll(() => system[Symbol.asyncDispose]())

  /** A browser in which a person of their own has signed in and consented. */
  async function signedIn(): Promise<{
    agent: Agent
    user: TestUser
    first: Record<string, unknown>
    idToken: string
  }> {
    const [agent, user] = [system.agent(), await system.user()]
    await startSession(system, agent, user)
    const { id_token } = await signedInTokens(system, client, user, {}, agent)
    return { agent, user, first: claimsOf(id_token), idToken: id_token }
  }

  /** The claims of the ID token for a code that comes without any page. */
  async function silent(agent: Agent, parameters: Record<string, string>): Promise<Record<string, unknown>> {
    const { parameters: said } = answerOf(await agent.get(authorizationPath(client, parameters)))
    return redeemed(said['code'] ?? `no code: ${said['error']}`)
  }

  async function redeemed(code: string): Promise<Record<string, unknown>> {
    const form = { grant_type: 'authorization_code', code, redirect_uri: client.redirectUri }
    const body: { id_token: string } = await (await tokenRequest(system, client, form)).json()
    return claimsOf(body.id_token)
  }

  /** The title of the page that a request leads to. */
  async function pageFor(agent: Agent, parameters: Record<string, string>, of = client): Promise<string> {
    const response = await agent.follow(await agent.get(authorizationPath(of, parameters)))
    return titleOf(await response.text())
  }

  async function errorOf(agent: Agent, parameters: Record<string, string>): Promise<string | undefined> {
    return answerOf(await agent.get(authorizationPath(client, parameters))).parameters['error']
  }

  test('B-07 prompt=login in a live session signs in again, with a later auth_time', async () => {
    const { agent, user, first } = await signedIn()
    await ageSessions(system, user.sub, 10)
    expect(await pageFor(agent, { prompt: 'login' })).toBe('Confirm that it is you')
    const callback = await agent.authorize(authorizationPath(client, { prompt: 'login' }), user)
    const second = await redeemed(callback.searchParams.get('code') ?? '')
    expect(second).toMatchObject({ sub: first['sub'], sid: first['sid'] })
    expect(Number(second['auth_time'])).toBeGreaterThan(Number(first['auth_time']) - 10)
    const latest = await silent(agent, { prompt: 'none' })
    expect(latest['auth_time']).toBe(second['auth_time'])
  })

  test('B-08 prompt=none without a session is login_required', async () => {
    const { parameters } = answerOf(await system.agent().get(authorizationPath(client, { prompt: 'none' })))
    expect(parameters).toMatchObject({ error: 'login_required', state: 'the-state' })
    expect(parameters).not.toHaveProperty('code')
  })

  test('B-09 prompt=none in a live session is silent, with the same sub and auth_time', async () => {
    const { agent, user, first } = await signedIn()
    await ageSessions(system, user.sub, 100)
    const second = await silent(agent, { prompt: 'none' })
    expect(second).toMatchObject({ sub: first['sub'], auth_time: Number(first['auth_time']) - 100 })
  })

  test('B-10 max_age=1 two seconds later signs in again, with a later auth_time', async () => {
    const { agent, user, first } = await signedIn()
    await ageSessions(system, user.sub, 2)
    expect(await pageFor(agent, { max_age: '1' })).toBe('Confirm that it is you')
    const callback = await agent.authorize(authorizationPath(client, { max_age: '1' }), user)
    const second = await redeemed(callback.searchParams.get('code') ?? '')
    expect(Number(second['auth_time'])).toBeGreaterThan(Number(first['auth_time']) - 2)
    expect(Math.abs(Number(second['auth_time']) - Date.now() / 1000)).toBeLessThan(30)
  })

  test('B-11 max_age=10000 after max_age=15000 signs in once', async () => {
    const [agent, user] = [system.agent(), await system.user()]
    const first = claimsOf((await signedInTokens(system, client, user, { max_age: '15000' }, agent)).id_token)
    const second = await silent(agent, { max_age: '10000' })
    expect(second).toMatchObject({ sub: user.sub, auth_time: first['auth_time'] })
  })

  test('B-13 prompt=none with the ID token as hint is silent', async () => {
    const { agent, first, idToken } = await signedIn()
    const second = await silent(agent, { prompt: 'none', id_token_hint: idToken })
    expect(second).toMatchObject({ sub: first['sub'], auth_time: first['auth_time'] })
  })

  test('AUT-17 prompt=none stands alone, and values that the metadata does not name are refused', async () => {
    const { agent } = await signedIn()
    for (const prompt of ['none login', 'login none', 'none consent', 'none unknown', 'create', 'unknown'])
      expect(await errorOf(agent, { prompt }), prompt).toBe('invalid_request')
  })

  test('AUT-17 prompt=consent and select_account show their pages, together in order', async () => {
    const { agent, user } = await signedIn()
    expect(await pageFor(agent, { prompt: 'consent' })).toMatch(/Allow|would like/)
    expect(await pageFor(agent, { prompt: 'select_account' })).toBe('Choose an account')
    const chooser = await agent.follow(await agent.get(authorizationPath(client, { prompt: 'select_account login' })))
    const signIn = await agent.follow(
      await agent.submit(await chooser.text(), { account: user.sub }, '/select-account'),
    )
    expect(titleOf(await signIn.text())).toBe('Confirm that it is you')
  })

  test('AUT-17 choosing an account answers for that one, without its password', async () => {
    const { agent, user } = await signedIn()
    const other = await system.user()
    await codeFor(system, client, other, { prompt: 'login' }, agent)
    expect((await silent(agent, { prompt: 'none' }))['sub']).toBe(other.sub)
    const chooser = await agent.follow(await agent.get(authorizationPath(client, { prompt: 'select_account' })))
    const response = await agent.follow(
      await agent.submit(await chooser.text(), { account: user.sub }, '/select-account'),
    )
    expect(await redeemed(answerOf(response).parameters['code'] ?? '')).toMatchObject({ sub: user.sub })
    expect((await silent(agent, { prompt: 'none' }))['sub']).toBe(user.sub)
  })

  test('AUT-18 max_age=0 signs in again, once, and the ID token has auth_time', async () => {
    const { agent, user } = await signedIn()
    expect(await pageFor(agent, { max_age: '0' })).toBe('Confirm that it is you')
    const callback = await agent.authorize(authorizationPath(client, { max_age: '0' }), user)
    expect(await redeemed(callback.searchParams.get('code') ?? '')).toHaveProperty('auth_time')
    expect(await errorOf(agent, { max_age: '0', prompt: 'none' })).toBe('login_required')
    for (const max_age of ['-1', 'x', '1.5', '1e3']) expect(await errorOf(agent, { max_age })).toBe('invalid_request')
  })

  test('AUT-18 default_max_age of the client counts where the request has none; require_auth_time is met', async () => {
    const impatient = await system.client({ default_max_age: 60, require_auth_time: true })
    const [agent, user] = [system.agent(), await system.user()]
    const { id_token } = await signedInTokens(system, impatient, user, {}, agent)
    expect(claimsOf(id_token)).toHaveProperty('auth_time')
    await ageSessions(system, user.sub, 61)
    expect(await pageFor(agent, {}, impatient)).toBe('Confirm that it is you')
    const { parameters } = answerOf(await agent.get(authorizationPath(impatient, { max_age: '3600', prompt: 'none' })))
    expect(parameters).toHaveProperty('code')
  })

  test('AUT-19 a hint for another person is login_required, with a page only where pages may be', async () => {
    const [a, b] = [await signedIn(), await signedIn()]
    expect(await errorOf(a.agent, { prompt: 'none', id_token_hint: b.idToken })).toBe('login_required')
    expect(await errorOf(system.agent(), { prompt: 'none', id_token_hint: b.idToken })).toBe('login_required')
    const request = authorizationPath(client, { id_token_hint: b.idToken })
    const page = await (await a.agent.follow(await a.agent.get(request))).text()
    expect(titleOf(page)).toBe('Confirm that it is you')
    const asA = await a.agent.follow(
      await a.agent.submit(page, { identifier: a.user.username, password: a.user.password }, '/signin'),
    )
    expect(answerOf(asA).parameters).toMatchObject({ error: 'login_required' })
    const asB = await a.agent.authorize(request, b.user)
    expect(await redeemed(asB.searchParams.get('code') ?? '')).toMatchObject({ sub: b.user.sub })
  })

  test('AUT-19 DSC-04 a hint counts by its signature: forged, unsigned, or an access token it is refused', async () => {
    const { agent, idToken } = await signedIn()
    const [header = '', payload = '', signature = ''] = idToken.split('.')
    const unsigned = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')
    const other = Buffer.from(JSON.stringify({ ...claimsOf(idToken), sub: 'other' })).toString('base64url')
    const { access_token } = await signedInTokens(system, client, await system.user())
    for (const id_token_hint of [
      `${unsigned}.${payload}.`,
      `${header}.${other}.${signature}`,
      `${header}.${payload}.`,
      access_token,
      'x',
    ])
      expect(await errorOf(agent, { prompt: 'none', id_token_hint })).toBe('invalid_request')
  })

  test('AUT-28 consent is remembered for what was allowed, over browsers, and asked for what is new', async () => {
    const other = await system.client()
    const user = await system.user()
    await codeFor(system, other, user, { scope: 'openid email' })
    const agent = system.agent()
    await codeFor(system, client, user, {}, agent)
    const { parameters } = answerOf(
      await agent.get(authorizationPath(other, { scope: 'openid email', prompt: 'none' })),
    )
    expect(parameters).toHaveProperty('code')
    const more = answerOf(await agent.get(authorizationPath(other, { scope: 'openid email phone', prompt: 'none' })))
    expect(more.parameters).toMatchObject({ error: 'consent_required' })
    const page = await (
      await agent.follow(await agent.get(authorizationPath(other, { scope: 'openid email phone' })))
    ).text()
    expect(page).toContain('phone number')
    const denied = await agent.submit(page, { action: 'deny' }, '/consent')
    expect(answerOf(denied).parameters).toMatchObject({ error: 'access_denied' })
    const again = answerOf(await agent.get(authorizationPath(other, { scope: 'openid phone', prompt: 'none' })))
    expect(again.parameters).toMatchObject({ error: 'consent_required' })
  })

  test('AUT-28 consent that a person takes back is asked again, and ends the refresh token', async () => {
    const other = await system.client()
    const [agent, user] = [system.agent(), await system.user()]
    const { refresh_token } = await signedInTokens(system, other, user, { scope: 'openid offline_access' }, agent)
    const page = await (await agent.follow(await agent.get('/account'))).text()
    const revoked = await agent.submit(page, { client_id: other.client_id }, '/account/consents/revoke')
    expect(revoked.status).toBe(303)
    const { parameters } = answerOf(await agent.get(authorizationPath(other, { prompt: 'none' })))
    expect(parameters).toMatchObject({ error: 'consent_required' })
    const refreshed = await tokenRequest(system, other, { grant_type: 'refresh_token', refresh_token })
    expect([refreshed.status, await refreshed.json()]).toMatchObject([400, { error: 'invalid_grant' }])
  })

  test('AUT-28 a client of the operator asks for no consent', async () => {
    const own = await system.client({ first_party: true })
    const { agent } = await signedIn()
    const { parameters } = answerOf(
      await agent.get(authorizationPath(own, { scope: 'openid profile', prompt: 'none' })),
    )
    expect(parameters).toHaveProperty('code')
  })
})
