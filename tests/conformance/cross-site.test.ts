import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Agent, formOf } from '../support/agent.ts'
import { answerOf, titleOf } from '../support/answer.ts'
import { authorizationPath, basic, codeFor, tokenRequest } from '../support/oauth.ts'
import { sharedSystem, type System, type TestClient, type TestUser } from '../support/system.ts'

/** What a browser sends with a form that another site's page posts: no Lax cookies, and where it comes from. */
const crossSite = { 'sec-fetch-site': 'cross-site', origin: 'http://127.0.0.1:9', cookie: '' }

describe('posts from other sites', () => {
  let system: System
  let client: TestClient
  let user: TestUser
  beforeAll(async () => {
    system = await sharedSystem()
    client = await system.client()
    user = await system.user()
  })
  afterAll(() => system[Symbol.asyncDispose]())

  function formFor(of: TestClient, parameters: Record<string, string> = {}): URLSearchParams {
    return new URL(authorizationPath(of, parameters), system.issuer).searchParams
  }

  function postFromElsewhere(agent: Agent, path: string, form: URLSearchParams | Record<string, string>) {
    return agent.post(path, form, crossSite)
  }

  async function signInPage(agent: Agent): Promise<string> {
    return (await agent.follow(await agent.get(authorizationPath(client)))).text()
  }

  test('B-19 AUT-05 a cross-site POST to /authorize ends in a 303 to a GET of our own, and completes', async () => {
    const agent = system.agent()
    const posted = await postFromElsewhere(agent, '/authorize', formFor(client))
    expect(posted.status).toBe(303)
    expect(posted.headers.get('location')).toMatch(/^\/authorize\?interaction=[\w-]+$/)
    const callback = await agent.authorize('', user, posted)
    expect(callback.searchParams.get('state')).toBe('the-state')
    const code = callback.searchParams.get('code') ?? ''
    const form = { grant_type: 'authorization_code', code, redirect_uri: client.redirectUri }
    expect((await tokenRequest(system, client, form)).status).toBe(200)
  })

  test('B-19 AUT-05 the session that the post could not carry is found by the GET', async () => {
    const agent = system.agent()
    await codeFor(system, client, user, {}, agent)
    for (const parameters of [{ prompt: 'none' }, {}, { response_mode: 'fragment' }]) {
      const posted = await postFromElsewhere(agent, '/authorize', formFor(client, parameters))
      expect(answerOf(await agent.follow(posted)).parameters).toHaveProperty('code')
    }
  })

  test('AUT-05 errors of a posted request are those of the same request by GET', async () => {
    const agent = system.agent()
    for (const parameters of [{ prompt: 'none' }, { response_type: 'foo' }, { scope: 'unknown' }, { request: 'x' }]) {
      const posted = await agent.follow(await postFromElsewhere(agent, '/authorize', formFor(client, parameters)))
      const got = await agent.get(authorizationPath(client, parameters))
      expect(answerOf(posted).parameters).toEqual(answerOf(got).parameters)
    }
    for (const parameters of [{ redirect_uri: 'https://evil.example' }, { client_id: 'nobody' }]) {
      const posted = await postFromElsewhere(agent, '/authorize', formFor(client, parameters))
      expect([posted.status, posted.headers.get('location')]).toEqual([400, null])
    }
    const json = await agent.post('/authorize', {}, { 'content-type': 'application/json' })
    expect(json.status).toBe(400)
  })

  test('AUT-05 PAR-04 a pushed request may be posted as well', async () => {
    const pushed = await fetch(`${system.issuer}/as/par`, {
      method: 'POST',
      headers: basic(client),
      body: new URLSearchParams({ response_type: 'code', redirect_uri: client.redirectUri, scope: 'openid' }),
    })
    const { request_uri }: { request_uri: string } = await pushed.json()
    const agent = system.agent()
    const posted = await postFromElsewhere(agent, '/authorize', { client_id: client.client_id, request_uri })
    expect((await agent.authorize('', user, posted)).searchParams.has('code')).toBe(true)
  })

  test('attack O13 a forged, foreign or changed interaction resumes nothing', async () => {
    const agent = system.agent()
    const { hidden } = formOf(await signInPage(agent), '/signin')
    const handle = hidden['interaction'] ?? ''
    const bytes = Buffer.from(handle, 'base64url')
    bytes[20] = (bytes[20] ?? 0) ^ 1
    const session = [...agent.cookies].find(([name]) => name.includes('browser'))?.[1] ?? ''
    for (const forged of [bytes.toString('base64url'), handle.slice(1), `${handle}A`, 'x', session]) {
      for (const page of ['/authorize', '/signin', '/consent', '/select-account']) {
        const response = await agent.get(`${page}?interaction=${encodeURIComponent(forged)}`)
        expect([response.status, response.headers.get('location')]).toEqual([400, null])
      }
    }
    const { parameters } = answerOf(
      await agent.get(`${authorizationPath(client, { response_type: 'token' })}&interaction=${handle}`),
    )
    expect(parameters['error']).toBe('unsupported_response_type')
  })

  test('attack O21 an interaction belongs to the browser that began it', async () => {
    const [attacker, victim] = [system.agent(), system.agent()]
    const page = await signInPage(attacker)
    const { hidden } = formOf(page, '/signin')
    await codeFor(system, client, user, {}, victim)
    const own = formOf(await (await victim.follow(await victim.get('/account'))).text())
    const swapped = { ...hidden, csrf: own.hidden['csrf'] ?? '', identifier: user.username, password: user.password }
    const posted = await victim.post('/signin', swapped, { 'sec-fetch-site': 'same-origin' })
    expect([posted.status, titleOf(await posted.text())]).toEqual([400, 'Started in another browser'])
    const taken = await victim.get(`/authorize?interaction=${hidden['interaction']}`)
    expect([taken.status, taken.headers.get('location')]).toEqual([400, null])
  })

  test('AUT-15 attack L2 a sign-in form from elsewhere, without or with another token, is 403 and signs nobody in', async () => {
    const agent = system.agent()
    const { hidden } = formOf(await signInPage(agent), '/signin')
    const other = formOf(await signInPage(system.agent()), '/signin').hidden['csrf'] ?? ''
    const credentials = { identifier: user.username, password: user.password }
    const { csrf: _, ...without } = hidden
    for (const [form, headers] of [
      [{ ...hidden, ...credentials }, crossSite],
      [{ ...hidden, ...credentials }, { 'sec-fetch-site': 'same-site' }],
      [{ ...hidden, ...credentials }, { cookie: '' }],
      [{ ...hidden, ...credentials, csrf: other }, {}],
      [{ ...hidden, ...credentials, csrf: '' }, {}],
      [{ ...without, ...credentials }, {}],
    ] as const) {
      const response = await agent.post('/signin', form, headers)
      expect([response.status, response.headers.getSetCookie().join().includes('session')]).toEqual([403, false])
    }
    expect((await agent.post('/signin', { ...hidden, ...credentials })).status).toBe(303)
  })

  test('AUT-15 attack O16 a forged consent is 403, and gives no code', async () => {
    const other = await system.client()
    const agent = system.agent()
    await codeFor(system, client, user, {}, agent)
    const page = await (await agent.follow(await agent.get(authorizationPath(other)))).text()
    const { hidden } = formOf(page, '/consent')
    for (const [form, headers] of [
      [{ ...hidden, action: 'allow' }, crossSite],
      [{ ...hidden, action: 'allow', csrf: 'x' }, {}],
      [{ interaction: hidden['interaction'] ?? '', action: 'allow' }, {}],
    ] as const)
      expect((await agent.post('/consent', form, headers)).status).toBe(403)
    const { parameters } = answerOf(await agent.get(authorizationPath(other, { prompt: 'none' })))
    expect(parameters['error']).toBe('consent_required')
  })

  test('AUT-15 every form of the account, and signing out, wants the token', async () => {
    const agent = system.agent()
    await codeFor(system, client, user, {}, agent)
    for (const [path, form] of [
      ['/account/sessions/end', { session: 'all' }],
      ['/account/consents/revoke', { client_id: client.client_id }],
      ['/account/password', { current_password: user.password, new_password: 'another good phrase' }],
      ['/select-account', { account: user.sub }],
      ['/logout', { csrf: 'x' }],
    ] as const)
      for (const headers of [crossSite, {}]) expect((await agent.post(path, form, headers)).status, path).toBe(403)
    const { parameters } = answerOf(await agent.get(authorizationPath(client, { prompt: 'none' })))
    expect(parameters).toHaveProperty('code')
  })

  test('a form that is sent twice gives one code', async () => {
    const other = await system.client()
    const agent = system.agent()
    await codeFor(system, client, user, {}, agent)
    const page = await (await agent.follow(await agent.get(authorizationPath(other)))).text()
    const posts = await Promise.all([1, 2].map(() => agent.submit(page, { action: 'allow' }, '/consent')))
    const ends = await Promise.all(posts.map((post) => agent.follow(post)))
    expect(ends.filter((end) => end.headers.get('location')?.includes('code=')).length).toBe(1)
  })
})
