import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Agent, formOf } from '../support/agent.ts'
import { titleOf } from '../support/answer.ts'
import { authorizationPath, codeFor, pkce } from '../support/oauth.ts'
import { sharedSystem, type System, type TestClient, type TestUser } from '../support/system.ts'

describe('what every page is sent with', () => {
  let system: System
  let client: TestClient
  let user: TestUser
  beforeAll(async () => {
    system = await sharedSystem()
    client = await system.client()
    user = await system.user()
  })
  afterAll(() => system[Symbol.asyncDispose]())

  async function reach(agent: Agent, parameters: Record<string, string> = {}, of = client): Promise<Response> {
    return agent.follow(await agent.get(authorizationPath(of, parameters)))
  }

  async function signedInAgent(): Promise<Agent> {
    const agent = system.agent()
    await codeFor(system, client, user, {}, agent)
    return agent
  }

  /** Every page that this Worker has, by its title, and whether its forms may lead to the client. */
  async function everyPage(): Promise<[string, Response, boolean][]> {
    const [fresh, agent, leaving] = [system.agent(), await signedInAgent(), await signedInAgent()]
    const signIn = await reach(fresh)
    const { hidden } = formOf(await signIn.clone().text(), '/signin')
    const wrong = { ...hidden, identifier: 'nobody', password: 'wrong' }
    const question = await leaving.get('/logout')
    const signedOut = await leaving.submit(await question.clone().text(), {}, '/logout')
    return [
      ['Sign in', signIn, true],
      ['Sign in', await fresh.post('/signin', wrong), true],
      ['Sent from elsewhere', await fresh.post('/signin', { ...wrong, csrf: 'x' }), false],
      ['Confirm that it is you', await reach(agent, { prompt: 'login' }), true],
      ['Choose an account', await reach(agent, { prompt: 'select_account' }), true],
      ['would like to', await reach(agent, { prompt: 'consent' }), true],
      ['One moment', await reach(agent, { response_mode: 'form_post' }), true],
      ['Your account', await agent.get('/account'), false],
      ['Change your password', await agent.get('/account/password'), false],
      ['Sign out?', question, false],
      ['You are signed out', signedOut, false],
      ['Unknown application', await agent.get('/authorize?client_id=nobody'), false],
      ['Return address not registered', await reach(agent, { redirect_uri: 'https://evil.example' }), false],
      ['Started in another browser', await agent.get(`/signin?interaction=${hidden['interaction']}`), false],
      ['This took too long', await agent.get('/consent?interaction=x'), false],
      ['Page not found', await agent.get('/account/nothing'), false],
      ['Request not understood', await fetch(`${system.issuer}/consent`, { method: 'DELETE' }), false],
      ['Form too large', await agent.post('/signin', { password: 'x'.repeat(70_000) }), false],
    ]
  }

  test('AUT-14 AUT-16 attack O15 attack X2 every page has its headers, and nothing from elsewhere', async () => {
    const origin = new URL(client.redirectUri).origin
    for (const [title, response, leads] of await everyPage()) {
      const page = await response.text()
      expect(titleOf(page).replaceAll(/<[^>]+>/g, ''), title).toContain(title)
      const headers = Object.fromEntries(response.headers)
      expect(headers, title).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'permissions-policy': expect.stringContaining('camera=()'),
        'cross-origin-opener-policy': 'unsafe-none',
        'x-request-id': expect.stringMatching(/./),
      })
      expect(headers['content-security-policy']?.split('; '), title).toEqual([
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self' data:",
        leads ? `form-action 'self' ${origin}` : "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
      ])
      const addresses = [...page.matchAll(/<(?:link|script|img|iframe)[^>]*(?:src|href)="([^"]*)"/g)].map(
        ([, at]) => at,
      )
      for (const at of addresses) expect(at, title).toMatch(/^(\/assets\/|data:image\/)/)
      expect(page, title).not.toMatch(/<style|<script>| style="| on\w+="|javascript:/i)
    }
  })

  test('AUT-14 a policy names the scheme where a redirect URI has no origin that it could name', async () => {
    const native = await system.client({
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      redirect_uris: ['com.example.app:/cb', 'http://[::1]/cb', 'http://127.0.0.1/cb'],
    })
    for (const [redirect_uri, source] of [
      ['com.example.app:/cb', 'com.example.app:'],
      ['http://[::1]:5000/cb', 'http:'],
      ['http://127.0.0.1:5000/cb', 'http://127.0.0.1:5000'],
    ] as const) {
      const response = await reach(system.agent(), { redirect_uri, ...pkce().parameters }, native)
      expect(response.headers.get('content-security-policy')).toContain(`form-action 'self' ${source};`)
    }
  })

  test('AUT-13 every answer to a posted form is 303, so that no password is posted on', async () => {
    const agent = system.agent()
    const page = await (await reach(agent)).text()
    const signedIn = await agent.submit(page, { identifier: user.username, password: user.password }, '/signin')
    const consent = await (await agent.follow(signedIn)).text()
    const answers = [signedIn]
    if (consent.includes('action="/consent"'))
      answers.push(await agent.submit(consent, { action: 'allow' }, '/consent'))
    const chooser = await (await reach(agent, { prompt: 'select_account' })).text()
    answers.push(await agent.submit(chooser, { account: user.sub }, '/select-account'))
    const account = await (await agent.get('/account')).text()
    answers.push(await agent.submit(account, { session: 'all' }, '/account/sessions/end'))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 303))
    for (const response of answers) {
      expect(response.headers.get('referrer-policy')).toBe('no-referrer')
      expect(await response.text()).toBe('')
    }
  })

  test('AUT-16 attack X2 the redirect with a code is not stored and gives no referrer', async () => {
    const agent = await signedInAgent()
    const response = await agent.get(authorizationPath(client, { prompt: 'none' }))
    expect(response.headers.get('location')).toContain('code=')
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    })
    expect(await response.text()).toBe('')
  })

  test('AUT-15 attack L10 cookies are __Host-, Secure, HttpOnly and Lax, and others with their names count nothing', async () => {
    const agent = system.agent()
    const seen: string[] = []
    const first = await agent.get(authorizationPath(client))
    seen.push(...first.headers.getSetCookie())
    const page = await (await agent.follow(first)).text()
    const signedIn = await agent.submit(page, { identifier: user.username, password: user.password }, '/signin')
    seen.push(...signedIn.headers.getSetCookie())
    expect(new Set(seen.map((line) => line.split('=')[0]))).toEqual(
      new Set(['__Host-authrim-browser', '__Host-authrim-session', '__Host-authrim-device']),
    )
    for (const line of seen) {
      expect(line).toMatch(/; Path=\/; Secure; HttpOnly; SameSite=Lax(; Max-Age=\d+)?$/)
      expect(line).not.toMatch(/domain/i)
    }
    const tossed = system.agent()
    for (const [name, value] of agent.cookies) tossed.cookies.set(name.replace('__Host-', ''), value)
    const answer = await tossed.get(authorizationPath(client, { prompt: 'none' }))
    expect(answer.headers.get('location')).toContain('login_required')
  })

  test('AUT-15 attack L1 a sign-in makes a new session, and what was planted before leads nowhere', async () => {
    const [attacker, victim] = [await signedInAgent(), system.agent()]
    const planted = attacker.cookies.get('__Host-authrim-session') ?? ''
    victim.cookies.set('__Host-authrim-session', planted)
    const other = await system.user()
    const page = await (await reach(victim, { prompt: 'login' })).text()
    await victim.submit(page, { identifier: other.username, password: other.password }, '/signin')
    const after = victim.cookies.get('__Host-authrim-session') ?? ''
    expect(after.split('.')[0]).not.toBe(planted)
    attacker.cookies.set('__Host-authrim-session', planted)
    const account = await (await attacker.get('/account')).text()
    expect(account).toContain(user.email)
    expect(account).not.toContain(other.email)

    const again = await (await reach(attacker, { prompt: 'login' })).text()
    await attacker.submit(again, { identifier: user.username, password: user.password }, '/signin')
    const renewed = attacker.cookies.get('__Host-authrim-session') ?? ''
    expect(renewed).not.toBe(planted)
    const old = system.agent()
    old.cookies.set('__Host-authrim-session', planted)
    expect((await old.get(authorizationPath(client, { prompt: 'none' }))).headers.get('location')).toContain(
      'login_required',
    )
  })

  test('assets are named by their content, kept for a year, and nothing else is found beside them', async () => {
    const page = await (await reach(system.agent())).text()
    for (const [, path = ''] of page.matchAll(/="(\/assets\/[^"]+)"/g)) {
      const response = await fetch(system.issuer + path)
      expect([response.status, response.headers.get('cache-control')]).toEqual([
        200,
        'public, max-age=31536000, immutable',
      ])
      expect(response.headers.get('content-type')).toMatch(/^text\/(css|javascript); charset=utf-8$/)
    }
    for (const path of ['/assets/', '/assets/x.css', '/assets/../account'])
      expect((await fetch(system.issuer + path, { redirect: 'manual' })).status).not.toBe(200)
  })
})
