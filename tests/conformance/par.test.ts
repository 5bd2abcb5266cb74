import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { answerOf, titleOf } from '../support/answer.ts'
import { everyShard } from '../support/durable-objects.ts'
import { authorizationPath, basic, pkce, tokenRequest } from '../support/oauth.ts'
import { sharedSystem, startSystem, type System, type TestClient, type TestUser } from '../support/system.ts'

interface Pushed {
  readonly status: number
  readonly headers: Headers
  readonly body: Readonly<Record<string, unknown>> & { readonly request_uri: string; readonly error: string }
}

/** Pushes the default request of a client, by HTTP Basic unless told otherwise. */
async function push(
  system: System,
  client: TestClient,
  change: Record<string, string> = {},
  headers: Record<string, string> = basic(client),
): Promise<Pushed> {
  const form = {
    response_type: 'code',
    redirect_uri: client.redirectUri,
    scope: 'openid',
    state: 'pushed-state',
    ...change,
  }
  const response = await fetch(`${system.issuer}/as/par`, { method: 'POST', headers, body: new URLSearchParams(form) })
  return { status: response.status, headers: response.headers, body: await response.json() }
}

function pathOf(clientId: string, requestUri: string, beside: Record<string, string> = {}): string {
  return `/authorize?${new URLSearchParams({ client_id: clientId, request_uri: requestUri, ...beside })}`
}

describe('pushed authorization requests', () => {
  let system: System
  let client: TestClient
  let user: TestUser
  beforeAll(async () => {
    system = await sharedSystem()
    client = await system.client()
    user = await system.user()
  })
  afterAll(() => system[Symbol.asyncDispose]())

  async function expectPage(path: string): Promise<void> {
    const response = await system.agent().get(path)
    expect([response.status, response.headers.get('location')]).toEqual([400, null])
    const id = response.headers.get('x-request-id') ?? ''
    await vi.waitFor(() => {
      const line = system.logs.find((log) => JSON.stringify(log).includes(id))
      expect(JSON.stringify(line)).toContain('invalid_request_uri')
    })
  }

  test('PAR-01 only POST, 405 with Allow for the rest', async () => {
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
      const response = await fetch(`${system.issuer}/as/par`, { method })
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST, OPTIONS'])
    }
    for (const path of ['/as/par/', '/as/parx', '/as/par/x', '/as'])
      expect((await fetch(system.issuer + path, { method: 'POST' })).status).toBe(404)
  })

  test('PAR-01 the client authenticates as at the token endpoint', async () => {
    for (const secret of ['wrong', '']) {
      const { status, body, headers } = await push(system, client, {}, basic({ ...client, secret }))
      expect([status, body.error]).toEqual([401, 'invalid_client'])
      expect(headers.get('www-authenticate')).toMatch(/^Basic /)
    }
    expect((await push(system, client, {}, {})).body.error).toBe('invalid_client')
    expect((await push(system, client, { client_id: client.client_id }, {})).body.error).toBe('invalid_client')
    const other = await push(system, client, { client_id: 'other' })
    expect([other.status, other.body.error]).toEqual([400, 'invalid_request'])
    const post = await system.client({ token_endpoint_auth_method: 'client_secret_post' })
    const credentials = { client_id: post.client_id, client_secret: post.secret }
    expect((await push(system, post, credentials, {})).status).toBe(201)
  })

  test('PAR-01 a public client pushes by client_id, with PKCE', async () => {
    const publicClient = await system.client({ token_endpoint_auth_method: 'none' })
    const form = { client_id: publicClient.client_id, ...pkce().parameters }
    expect((await push(system, publicClient, form, {})).status).toBe(201)
    const without = await push(system, publicClient, { client_id: publicClient.client_id }, {})
    expect([without.status, without.body.error]).toEqual([400, 'invalid_request'])
  })

  test('PAR-02 a request_uri cannot be pushed, nor a request object', async () => {
    const { body } = await push(system, client)
    for (const request_uri of [body.request_uri, 'https://rp.example/object', 'x']) {
      const refused = await push(system, client, { request_uri })
      expect([refused.status, refused.body.error]).toEqual([400, 'invalid_request'])
    }
    expect((await push(system, client, { request: 'a.b.c' })).body.error).toBe('request_not_supported')
  })

  test('PAR-03 the answer is 201 JSON that is not stored, with a urn and a life between 5 and 600 seconds', async () => {
    const { status, headers, body } = await push(system, client)
    expect([status, headers.get('cache-control')]).toEqual([201, 'no-store'])
    expect(headers.get('content-type')).toMatch(/^application\/json/)
    expect(body).toEqual({
      request_uri: expect.stringMatching(/^urn:ietf:params:oauth:request_uri:[\w-]{43,}$/),
      expires_in: 60,
    })
  })

  test('PAR-03 the request is checked when it is pushed', async () => {
    for (const [change, error] of [
      [{ redirect_uri: 'https://evil.example' }, 'invalid_request'],
      [{ response_type: 'foo' }, 'unsupported_response_type'],
      [{ scope: 'unknown' }, 'invalid_scope'],
      [{ prompt: 'none login' }, 'invalid_request'],
      [{ code_challenge: 'x', code_challenge_method: 'S256' }, 'invalid_request'],
      [{ resource: 'rel/x' }, 'invalid_target'],
    ] as const) {
      const { status, body, headers } = await push(system, client, change)
      expect([status, body.error, headers.get('cache-control')]).toEqual([400, error, 'no-store'])
    }
    const repeated = await fetch(`${system.issuer}/as/par`, {
      method: 'POST',
      headers: { ...basic(client), 'content-type': 'application/x-www-form-urlencoded' },
      body: 'response_type=code&response_type=code&scope=openid',
    })
    expect([repeated.status, await repeated.json()]).toMatchObject([400, { error: 'invalid_request' }])
    const json = await fetch(`${system.issuer}/as/par`, {
      method: 'POST',
      headers: { ...basic(client), 'content-type': 'application/json' },
      body: '{"response_type":"code"}',
    })
    expect([json.status, await json.json()]).toMatchObject([400, { error: 'invalid_request' }])
  })

  test('PAR-04 a pushed request leads to a code, with or without client_id in its body', async () => {
    const { verifier, parameters } = pkce()
    for (const change of [{}, { client_id: client.client_id }]) {
      const { body } = await push(system, client, { ...parameters, ...change })
      const callback = await system.agent().authorize(pathOf(client.client_id, body.request_uri), user)
      expect(callback.searchParams.get('state')).toBe('pushed-state')
      const redeemed = await tokenRequest(system, client, {
        grant_type: 'authorization_code',
        code: callback.searchParams.get('code') ?? '',
        redirect_uri: client.redirectUri,
        code_verifier: verifier,
      })
      expect(redeemed.status).toBe(200)
    }
  })

  test('PAR-04 attack P1 a request_uri is single use, and only of its client', async () => {
    const stranger = await system.client()
    const { body } = await push(system, client)
    await expectPage(pathOf(stranger.client_id, body.request_uri))
    await system.agent().authorize(pathOf(client.client_id, body.request_uri), user)
    await expectPage(pathOf(client.client_id, body.request_uri))
    for (const text of ['', 'x', body.request_uri.slice(34, -1), `${body.request_uri.slice(34)}A`])
      await expectPage(pathOf(client.client_id, `urn:ietf:params:oauth:request_uri:${text}`))
  })

  test('PAR-04 attack P1 of browsers that began with one request_uri, the first to finish gets a code', async () => {
    const { body } = await push(system, client)
    const agents = [system.agent(), system.agent(), system.agent()]
    const begun = []
    for (const agent of agents)
      begun.push(await agent.follow(await agent.get(pathOf(client.client_id, body.request_uri))))
    const ends = []
    for (const [index, agent] of agents.entries()) ends.push(await agent.authorize('', user, begun[index]))
    expect(ends.map((end) => end.searchParams.get('error'))).toEqual([
      null,
      'invalid_request_uri',
      'invalid_request_uri',
    ])
    expect(ends.map((end) => end.searchParams.has('code'))).toEqual([true, false, false])
  })

  test('PAR-04 a page that is reloaded before the code is issued goes on', async () => {
    const { body } = await push(system, client)
    const agent = system.agent()
    await agent.follow(await agent.get(pathOf(client.client_id, body.request_uri)))
    const callback = await agent.authorize(pathOf(client.client_id, body.request_uri), user)
    expect(callback.searchParams.has('code')).toBe(true)
  })

  test('PAR-06 attack P3 what stands beside a pushed request is ignored', async () => {
    const { body } = await push(system, client)
    const beside = {
      state: 'outer',
      scope: 'openid email',
      redirect_uri: 'https://evil.example',
      response_mode: 'fragment',
      prompt: 'none',
    }
    const callback = await system.agent().authorize(pathOf(client.client_id, body.request_uri, beside), user)
    expect(callback.href.startsWith(client.redirectUri)).toBe(true)
    expect([callback.searchParams.get('state'), callback.hash]).toEqual(['pushed-state', ''])
    const redeemed = await tokenRequest(system, client, {
      grant_type: 'authorization_code',
      code: callback.searchParams.get('code') ?? '',
      redirect_uri: client.redirectUri,
    })
    expect(await redeemed.json()).toMatchObject({ scope: 'openid' })
  })

  test('PAR-05 a body beyond 64 KiB is 413, announced or not', async () => {
    // Little enough to be sent whole before the answer closes the connection.
    const big = await push(system, client, { state: 'x'.repeat(70_000) })
    expect(big.status).toBe(413)
    const chunks = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new Uint8Array(70_000).fill(120))
        controller.close()
      },
    })
    const streaming = {
      method: 'POST',
      headers: { ...basic(client), 'content-type': 'application/x-www-form-urlencoded' },
      body: chunks,
      duplex: 'half',
    }
    const streamed = await fetch(`${system.issuer}/as/par`, streaming)
    expect(streamed.status).toBe(413)
  })

  test('PAR-11 attack P4 a client that has to push gets no code by a plain request', async () => {
    const pushing = await system.client({ require_pushed_authorization_requests: true })
    const { parameters } = answerOf(await system.agent().get(authorizationPath(pushing)))
    expect(parameters).toMatchObject({ error: 'invalid_request', state: 'the-state', iss: system.issuer })
    const { body } = await push(system, pushing)
    const callback = await system.agent().authorize(pathOf(pushing.client_id, body.request_uri), user)
    expect(callback.searchParams.has('code')).toBe(true)
  })

  test('XCT-05 scripts of other origins may push, without credentials', async () => {
    const headers = { origin: 'https://app.example', 'access-control-request-method': 'POST' }
    const preflight = await fetch(`${system.issuer}/as/par`, { method: 'OPTIONS', headers })
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*')
    expect(preflight.headers.get('access-control-allow-methods')).toBe('POST')
    expect(preflight.headers.get('access-control-allow-credentials')).toBeNull()
  })

  test('attack O21 a request_uri names a request, not a sign-in: another browser has to sign in itself', async () => {
    const { body } = await push(system, client)
    const path = pathOf(client.client_id, body.request_uri)
    const [attacker, victim] = [system.agent(), system.agent()]
    const page = await (await attacker.follow(await attacker.get(path))).text()
    const stolen = /name="interaction" value="([^"]*)"/.exec(page)?.[1] ?? ''
    for (const address of [`/signin?interaction=${stolen}`, `/authorize?interaction=${stolen}`]) {
      const response = await victim.get(address)
      expect([response.status, titleOf(await response.text())]).toEqual([400, 'Started in another browser'])
    }
  })
})

describe('pushed requests that expire or come in floods', () => {
  let system: System
  beforeAll(async () => {
    system = await startSystem({
      variables: { PAR_EXPIRY: '1' },
      transform: (workers) =>
        workers.map((worker) => {
          const rate = worker.bindings['REQUEST_RATE']
          if (rate?.type !== 'rate-limit') return worker
          return { ...worker, bindings: { ...worker.bindings, REQUEST_RATE: { ...rate, limit: 3 } } }
        }),
    })
  })
  afterAll(() => system[Symbol.asyncDispose]())

  test('PAR-04 attack P1 a request_uri expires', async () => {
    const client = await system.client()
    const { body } = await push(system, client)
    expect(body).toMatchObject({ expires_in: 1 })
    const path = pathOf(client.client_id, body.request_uri)
    await vi.waitFor(async () => expect((await system.agent().get(path)).status).toBe(400), { timeout: 5000 })
  })

  test('attack P5 too many sign-ins begun from one address are 429 with Retry-After, others go on', async () => {
    const client = await system.client()
    const flooding = system.agent()
    const answers = []
    for (let attempt = 0; attempt < 8; attempt++) answers.push(await flooding.get(authorizationPath(client)))
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThanOrEqual(2)
    for (const { headers } of refused) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await system.agent().get(authorizationPath(client))).status).toBe(303)
  })

  test('PAR-05 attack P5 too many pushes of a client are 429 with Retry-After, and what was stored expires', async () => {
    const client = await system.client()
    const answers = []
    for (let attempt = 0; attempt < 8; attempt++) answers.push(await push(system, client))
    const refused = answers.filter(({ status }) => status === 429)
    // The minute that the limit counts in may end in between, once.
    expect(refused.length).toBeGreaterThanOrEqual(2)
    for (const { headers } of refused) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await push(system, await system.client())).status).toBe(201)
    const now = Math.floor(Date.now() / 1000)
    for (const pending of await everyShard(system, 'PENDING_REQUESTS')) {
      await pending.put('stored', '{}', now + 1)
      expect([await pending.get('stored', now), await pending.get('stored', now + 1)]).toEqual(['{}', undefined])
    }
  })
})
