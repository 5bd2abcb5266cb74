import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answerOf, titleOf } from '../support/answer.ts'
import { Doubles, withDoubles } from '../support/doubles.ts'
import { everyShard } from '../support/durable-objects.ts'
import { authorizationPath, basic, codeFor, pkce, signedInTokens } from '../support/oauth.ts'
import { sharedSystem, startSystem, type System, type TestClient, type TestUser } from '../support/system.ts'

describe('the authorization endpoint', () => {
  let system: System
  let client: TestClient
  let user: TestUser
  beforeAll(async () => {
    system = await sharedSystem()
    client = await system.client()
    user = await system.user()
  })
  afterAll(() => system[Symbol.asyncDispose]())

  const get = (path: string) => system.agent().get(path)

  async function expectPage(path: string, title: string): Promise<void> {
    const response = await get(path)
    expect([response.status, response.headers.get('location')], path).toEqual([400, null])
    const page = await response.text()
    expect(titleOf(page)).toBe(title)
    expect(page).toContain(response.headers.get('x-request-id'))
  }

  test('G-05 AUT-11 attack O5 a success carries code, state and iss in the query, beside the query that was there', async () => {
    const redirectUri = 'http://127.0.0.1:9/callback?tenant=a%20b'
    const other = await system.client({ redirect_uris: [redirectUri] })
    const callback = await system.agent().authorize(authorizationPath(other), user)
    expect(callback.href.startsWith(`${redirectUri}&`)).toBe(true)
    expect(callback.hash).toBe('')
    expect(Object.fromEntries(callback.searchParams)).toEqual({
      tenant: 'a b',
      code: expect.stringMatching(/^[\w-]{43,}$/),
      state: 'the-state',
      iss: system.issuer,
    })
  })

  test('G-06 AUT-11 attack O5 an error carries error, description, state and iss, and no code', async () => {
    for (const parameters of [
      { prompt: 'none' },
      { response_type: 'foo' },
      { scope: 'unknown' },
      { max_age: 'soon' },
      { response_mode: 'semaphore' },
      { code_challenge: 'short', code_challenge_method: 'S256' },
      { resource: 'rel/x' },
      { request: 'a.b.c' },
      { id_token_hint: 'a.b.c' },
    ]) {
      const { parameters: said } = answerOf(await get(authorizationPath(client, parameters)))
      expect(said).toEqual({
        error: expect.stringMatching(/^[a-z_]+$/),
        error_description: expect.stringMatching(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/),
        state: 'the-state',
        iss: system.issuer,
      })
    }
  })

  test('G-06 a state of any characters comes back as it was', async () => {
    for (const state of [`"><script>'&=+%20 ü\u0000`, 'x'.repeat(2000), '{"a":[1]}']) {
      const { parameters } = answerOf(await get(authorizationPath(client, { prompt: 'none', state })))
      expect(parameters['state']).toBe(state)
    }
    const { parameters } = answerOf(await get(authorizationPath(client, { prompt: 'none', state: null })))
    expect(parameters).not.toHaveProperty('state')
  })

  test('B-02 a request without response_type is refused at the client', async () => {
    const { parameters } = answerOf(await get(authorizationPath(client, { response_type: null })))
    expect(parameters).toMatchObject({ error: 'invalid_request', state: 'the-state' })
  })

  test('B-03 a code flow without nonce succeeds, and the ID token has none', async () => {
    const { id_token } = await signedInTokens(system, client, user, { nonce: null })
    expect(JSON.parse(Buffer.from(id_token.split('.')[1] ?? '', 'base64url').toString())).not.toHaveProperty('nonce')
  })

  test('B-04 the order of scopes and parameters does not matter', async () => {
    const reversed = new URL(authorizationPath(client, { scope: 'phone email profile openid' }), system.issuer)
    const path = `/authorize?${new URLSearchParams([...reversed.searchParams].toReversed())}`
    const callback = await system.agent().authorize(path, user)
    expect(callback.searchParams.has('code')).toBe(true)
  })

  test.each([
    ['B-05', { display: 'page' }],
    ['B-06', { display: 'popup' }],
    ['B-12 AUT-05', { extra: 'foobar', 'q[]': '1' }],
    ['B-14', { login_hint: 'buffy@example.com' }],
    ['B-15', { ui_locales: 'se' }],
    ['B-16', { claims_locales: 'se' }],
    ['B-17', { acr_values: '1 2' }],
    ['B-38', { claims: '{"userinfo":{"name":{"essential":true}}}' }],
  ])('%s a request with %o succeeds', async (_, parameters) => {
    const callback = await system.agent().authorize(authorizationPath(client, parameters), user)
    expect(callback.searchParams.has('code')).toBe(true)
  })

  test('B-14 login_hint fills the field in, as text', async () => {
    const agent = system.agent()
    const hint = 'a"><b>@example.com'
    const page = await (await agent.follow(await agent.get(authorizationPath(client, { login_hint: hint })))).text()
    expect(page).toContain('value="a&quot;&gt;&lt;b&gt;@example.com"')
  })

  test('B-20 attack P2 an external request_uri is refused by name and never fetched', async () => {
    const { parameters } = answerOf(await get(authorizationPath(client, { request_uri: 'https://rp.example/object' })))
    expect(parameters).toMatchObject({ error: 'request_uri_not_supported', state: 'the-state' })
  })

  test('B-21 a request object is refused by name, not ignored', async () => {
    const object = `${btoa('{"alg":"none"}')}.${btoa('{"scope":"openid"}')}.`
    const { parameters } = answerOf(await get(authorizationPath(client, { request: object })))
    expect(parameters).toMatchObject({ error: 'request_not_supported', state: 'the-state' })
  })

  test('B-22 a request object does not repair a wrong redirect_uri', async () => {
    const object = `${btoa('{"alg":"none"}')}.${btoa(JSON.stringify({ redirect_uri: client.redirectUri }))}.`
    const path = authorizationPath(client, { request: object, redirect_uri: 'http://127.0.0.1:9/other' })
    await expectPage(path, 'Return address not registered')
  })

  test('AUT-02 attack O9 an unknown client gets a page, whatever the redirect URI', async () => {
    for (const id of ['nobody', 'x'.repeat(3000), 'a b', '', `${client.client_id}\u0000`, `${client.client_id} `])
      await expectPage(authorizationPath(client, { client_id: id }), 'Unknown application')
    const disabled = await system.client({ disabled: true })
    await expectPage(authorizationPath(disabled), 'Unknown application')
  })

  test('B-18 AUT-01 AUT-03 attack O6 attack O7 a redirect URI that is not the registered string gets a page', async () => {
    const registered = 'https://app.example/cb'
    const web = await system.client({ redirect_uris: [registered, 'http://127.0.0.1/loop'] })
    for (const uri of [
      'https://app.example/cb/',
      'https://app.example/CB',
      'HTTPS://app.example/cb',
      'https://APP.example/cb',
      'https://app.example:443/cb',
      'https://app.example:8443/cb',
      'https://app.example/cb?x=1',
      'https://app.example/cb?',
      'https://app.example/cb#',
      'https://app.example/cb#x',
      'https://app.example/cb/../cb',
      'https://app.example/cb/..;/cb',
      'https://app.example/./cb',
      'https://app.example/%63b',
      'https://app.example/cb%00',
      'https://app.example//cb',
      'https://app.example\\cb',
      'https://app.example@evil.example/cb',
      'https://app.example@@evil.example/cb',
      'https://user@app.example/cb',
      'https://app.example.evil.example/cb',
      'https://evil.example/https://app.example/cb',
      '//app.example/cb',
      '//evil.example',
      '/cb',
      'http://app.example/cb',
      'javascript:alert(1)//https://app.example/cb',
      'data:text/html,x',
      'https://*.example/cb',
      ' https://app.example/cb',
      'https://app.example/cb ',
      'https://app.example/cb\r\nlocation: https://evil.example',
      'http://127.0.0.1:51000/loop',
      'http://localhost/loop',
      'null',
    ])
      await expectPage(authorizationPath(web, { redirect_uri: uri, prompt: 'none' }), 'Return address not registered')
    const { location } = answerOf(await get(authorizationPath(web, { redirect_uri: registered, prompt: 'none' })))
    expect(location.origin + location.pathname).toBe(registered)
  })

  test('AUT-01 attack O7 a native client may take another port of a loopback address, and nothing else', async () => {
    const native = await system.client({
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      redirect_uris: ['http://127.0.0.1/cb', 'http://[::1]/cb', 'com.example.app:/cb'],
    })
    const request = (uri: string) => authorizationPath(native, { redirect_uri: uri, ...pkce().parameters })
    for (const uri of [
      'http://127.0.0.1:51000/cb',
      'http://127.0.0.1/cb',
      'http://[::1]:7/cb',
      'com.example.app:/cb',
    ]) {
      const agent = system.agent()
      const callback = await agent.authorize(request(uri), user)
      expect(callback.href.startsWith(`${uri}?`), uri).toBe(true)
    }
    for (const uri of [
      'http://127.0.0.1:99999/cb',
      'http://127.0.0.1:/cb',
      'http://127.0.0.1:51000/other',
      'http://127.0.0.1:51000/cb?x',
      'http://127.0.0.1:51000/cb#x',
      'https://127.0.0.1:51000/cb',
      'http://127.0.0.1.evil.example/cb',
      'http://127.0.0.1:80@evil.example/cb',
      'http://127.0.0.2:51000/cb',
      'http://127.1:51000/cb',
      'http://2130706433/cb',
      'http://localhost:51000/cb',
      'http://[::ffff:127.0.0.1]:7/cb',
      'com.example.app:/other',
    ])
      await expectPage(request(uri), 'Return address not registered')
  })

  test('AUT-02 a client with two redirect URIs has to name one; with openid every client has', async () => {
    const two = await system.client({ redirect_uris: ['http://127.0.0.1:9/a', 'http://127.0.0.1:9/b'] })
    await expectPage(authorizationPath(two, { redirect_uri: null, scope: 'api.read' }), 'Return address not registered')
    await expectPage(authorizationPath(client, { redirect_uri: null }), 'Return address not registered')
    const { location } = answerOf(
      await get(authorizationPath(client, { redirect_uri: null, scope: 'api.read', prompt: 'none' })),
    )
    expect(location.href.startsWith(`${client.redirectUri}?`)).toBe(true)
  })

  test('AUT-04 attack O12 a repeated parameter is refused at the client, by GET and by POST', async () => {
    const agent = system.agent()
    for (const extra of ['scope=openid', 'state=x', 'nonce=x', 'prompt=login', 'response_type=code', 'foo=1&foo=2']) {
      const query = `${authorizationPath(client, { prompt: 'none' }).slice('/authorize?'.length)}&${extra}`
      const got = answerOf(await agent.get(`/authorize?${query}`))
      expect(got.parameters, extra).toMatchObject({ error: 'invalid_request', iss: system.issuer })
      const posted = answerOf(await agent.follow(await agent.post('/authorize', new URLSearchParams(query))))
      expect(posted.parameters, extra).toEqual(got.parameters)
    }
  })

  test('AUT-04 attack O12 two clients, redirect URIs or request_uris leave nobody to answer', async () => {
    const path = authorizationPath(client)
    for (const extra of [
      `client_id=${client.client_id}`,
      'client_id=other',
      `redirect_uri=${encodeURIComponent(client.redirectUri)}`,
      'redirect_uri=https%3A%2F%2Fevil.example',
      'request_uri=a&request_uri=b',
    ])
      await expectPage(`${path}&${extra}`, 'Request not understood')
  })

  test('AUT-04 an empty parameter counts as absent', async () => {
    const path = authorizationPath(client, { nonce: '', prompt: '', max_age: '', response_mode: '', request: '' })
    const callback = await system.agent().authorize(path, user)
    expect(callback.searchParams.has('code')).toBe(true)
  })

  test('AUT-06 errors have their own codes', async () => {
    const noCode = await system.client({ grant_types: ['client_credentials'] })
    const errors: [TestClient, Record<string, string>, string][] = [
      [noCode, {}, 'unauthorized_client'],
      [client, { response_type: 'foo' }, 'unsupported_response_type'],
      [client, { response_type: 'code code' }, 'unsupported_response_type'],
      [client, { scope: 'unknown' }, 'invalid_scope'],
      [client, { scope: 'openid "quoted"' }, 'invalid_scope'],
      [client, { prompt: 'none' }, 'login_required'],
    ]
    for (const [who, parameters, error] of errors)
      expect(answerOf(await get(authorizationPath(who, parameters))).parameters).toMatchObject({ error })
  })

  test('AUT-06 AUT-11 a person who cancels or denies gives access_denied with state and iss', async () => {
    const denied = { error: 'access_denied', state: 'the-state', iss: system.issuer }
    const cancelling = system.agent()
    const signIn = await (await cancelling.follow(await cancelling.get(authorizationPath(client)))).text()
    const cancelled = await cancelling.submit(signIn, { action: 'cancel' }, '/signin')
    expect(answerOf(cancelled).parameters).toMatchObject(denied)

    const other = await system.client()
    const agent = system.agent()
    await codeFor(system, client, user, {}, agent)
    const consent = await (await agent.follow(await agent.get(authorizationPath(other)))).text()
    expect(answerOf(await agent.submit(consent, { action: 'deny' }, '/consent')).parameters).toMatchObject(denied)
  })

  test('AUT-06 a client that was stopped a moment ago gets no code from a live session', async () => {
    const stopped = await system.client()
    const agent = system.agent()
    await codeFor(system, stopped, user, {}, agent)
    const knowledge = { clientId: stopped.client_id, revision: stopped.revision + 1 }
    for (const ledger of await everyShard(system, 'GRANT_LEDGER')) await ledger.announceClient(knowledge, true)
    const { parameters } = answerOf(await agent.get(authorizationPath(stopped)))
    expect(parameters).toMatchObject({ error: 'unauthorized_client' })
    expect(parameters).not.toHaveProperty('code')
  })

  test('AUT-06 a client whose announced change is not written yet is temporarily_unavailable', async () => {
    const changing = await system.client()
    const agent = system.agent()
    await codeFor(system, changing, user, {}, agent)
    const knowledge = { clientId: changing.client_id, revision: changing.revision + 1 }
    for (const ledger of await everyShard(system, 'GRANT_LEDGER')) await ledger.announceClient(knowledge, false)
    const { parameters } = answerOf(await agent.get(authorizationPath(changing)))
    expect(parameters).toMatchObject({ error: 'temporarily_unavailable', state: 'the-state' })
    const written = JSON.stringify({ ...changing, ...knowledge })
    const update = 'UPDATE clients SET record = ?, revision = ? WHERE client_id = ?'
    await system.db.prepare(update).bind(written, knowledge.revision, changing.client_id).run()
    expect(answerOf(await agent.get(authorizationPath(changing))).parameters).toHaveProperty('code')
  })

  test('attack O17 a huge scope is refused before work, a huge request before it is parsed', async () => {
    const scope = `openid ${'x '.repeat(1500)}`
    expect(answerOf(await get(authorizationPath(client, { scope }))).parameters).toMatchObject({
      error: 'invalid_scope',
    })
    expect((await get(authorizationPath(client, { state: 'x'.repeat(17_000) }))).status).toBe(413)
    const many = Array.from({ length: 150 }, (_, index) => `p${index}=1`).join('&')
    expect((await get(`${authorizationPath(client)}&${many}`)).status).toBe(400)
    const pushed = await fetch(`${system.issuer}/as/par`, {
      method: 'POST',
      headers: basic(client),
      body: new URLSearchParams({ response_type: 'code', redirect_uri: client.redirectUri, scope }),
    })
    expect([pushed.status, await pushed.json()]).toMatchObject([400, { error: 'invalid_scope' }])
  })

  test('XCT-05 attack X3 scripts of other origins cannot read the authorization endpoint', async () => {
    const headers = { origin: 'https://app.example', 'access-control-request-method': 'GET' }
    const preflight = await fetch(`${system.issuer}/authorize`, { method: 'OPTIONS', headers })
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull()
    const got = await fetch(system.issuer + authorizationPath(client), { headers, redirect: 'manual' })
    expect(got.headers.get('access-control-allow-origin')).toBeNull()
    for (const path of ['/signin', '/consent', '/account', '/logout', '/select-account'])
      expect(
        (await fetch(system.issuer + path, { headers, redirect: 'manual' })).headers.get('access-control-allow-origin'),
      ).toBeNull()
  })

  test('AUT-05 other methods are 405 with Allow, other paths 404', async () => {
    for (const method of ['PUT', 'DELETE', 'PATCH']) {
      const refused = await fetch(`${system.issuer}/authorize`, { method })
      expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, POST, HEAD, OPTIONS'])
    }
    for (const path of [
      '/authorize/',
      '/authorizex',
      '/authorize/x',
      '/signin/',
      '/consent/',
      '/logout/',
      '/account/x',
    ])
      expect((await get(path)).status, path).toBe(404)
  })
})

describe('an authorization endpoint whose storage fails', () => {
  test('AUT-06 AUT-11 a ledger out of reach is temporarily_unavailable at the client, and the next try succeeds', async () => {
    await using system = await startSystem({ transform: withDoubles('op-auth') })
    const doubles = new Doubles(system.issuer, 'op-auth')
    const [client, user, agent] = [await system.client(), await system.user(), system.agent()]
    await codeFor(system, client, user, {}, agent)
    const path = authorizationPath(client, { prompt: 'none' })
    for (const binding of ['GRANT_LEDGER.open', 'SESSION_STORE']) {
      await doubles.fail({ [binding]: { fault: 'overloaded' } })
      const response = await agent.get(path)
      expect(response.headers.get('retry-after')).toBeNull()
      expect(answerOf(response).parameters).toEqual({
        error: 'temporarily_unavailable',
        error_description: expect.any(String),
        state: 'the-state',
        iss: system.issuer,
      })
    }
    await doubles.fail({})
    expect(answerOf(await agent.get(path)).parameters).toHaveProperty('code')
  })

  test('AUT-02 a registry out of reach leaves nobody to answer: a page with 503 and Retry-After', async () => {
    await using system = await startSystem({ transform: withDoubles('op-auth') })
    const doubles = new Doubles(system.issuer, 'op-auth')
    const client = await system.client()
    await doubles.fail({ DB: { fault: 'fail' }, CLIENTS: { fault: 'fail' } })
    const response = await system.agent().get(authorizationPath(client))
    expect([response.status, response.headers.get('location')]).toEqual([503, null])
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(titleOf(await response.text())).toBe('Back in a moment')
  })
})
