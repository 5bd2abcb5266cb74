import { randomBytes } from 'node:crypto'
import { SignJWT, generateKeyPair } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { claimsOf, signedInTokens, tokenRequest } from '../support/oauth.ts'
import { sharedSystem, type System, type TestClient, type TestUser } from '../support/system.ts'
import {
  askPerson,
  asked,
  backchannelClient,
  decideRequest,
  openApprovals,
  pollBackchannel,
  press,
  requestClaims,
  type SigningClient,
  signingClient,
  textOf,
} from './ciba-support.ts'
import { postAs, refusal, tokensOf } from './support.ts'

let system: System
beforeAll(async () => {
  system = await sharedSystem()
})
afterAll(() => system[Symbol.asyncDispose]())

describe('a backchannel request', () => {
  let client: TestClient
  let user: TestUser
  beforeAll(async () => {
    ;[client, user] = await Promise.all([backchannelClient(system), system.user()])
  })

  test('C-01 discovery says what works', async () => {
    const metadata = await (await fetch(`${system.issuer}/.well-known/openid-configuration`)).json()
    expect(metadata).toMatchObject({
      device_authorization_endpoint: `${system.issuer}/device_authorization`,
      backchannel_authentication_endpoint: `${system.issuer}/bc-authorize`,
      backchannel_token_delivery_modes_supported: ['poll', 'ping', 'push'],
      backchannel_authentication_request_signing_alg_values_supported: expect.arrayContaining(['ES256', 'PS256']),
      backchannel_user_code_parameter_supported: true,
      grant_types_supported: expect.arrayContaining([
        'urn:openid:params:grant-type:ciba',
        'urn:ietf:params:oauth:grant-type:device_code',
      ]),
    })
  })

  test('C-12 C-13 ASY-09 is answered, shown with its message, approved, and gives tokens once', async () => {
    const person = await system.user()
    const response = await askPerson(system, client, {
      login_hint: person.email,
      binding_message: '1234',
      scope: 'openid email offline_access',
    })
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const answer: { auth_req_id: string } = await response.json()
    expect(answer).toEqual({ auth_req_id: expect.stringMatching(/^[\w.-]{22,}$/), expires_in: 300, interval: 5 })
    expect(await refusal(await pollBackchannel(system, client, answer.auth_req_id))).toEqual({
      status: 400,
      error: 'authorization_pending',
    })
    const agent = system.agent()
    const page = await openApprovals(agent, person)
    expect(page).toContain('<p class="message"><bdi>1234</bdi></p>')
    expect(textOf(page)).toContain('Corner Bank asks you to confirm')
    const done = await agent.follow(await press(agent, page, 'approve'))
    expect(textOf(await done.text())).toContain('Approved.')

    const success = await pollBackchannel(system, client, answer.auth_req_id)
    expect(success.headers.get('cache-control')).toBe('no-store')
    const tokens = await tokensOf(success)
    expect(claimsOf(tokens.id_token)).toMatchObject({ sub: person.sub, aud: client.client_id })
    const header = { authorization: `Bearer ${tokens.access_token}` }
    expect(await (await fetch(`${system.issuer}/userinfo`, { headers: header })).json()).toMatchObject({
      email: person.email,
    })
    const inQuery = await fetch(`${system.issuer}/userinfo?access_token=${tokens.access_token}`)
    expect(inQuery.status).toBe(400)
    expect(await refusal(await pollBackchannel(system, client, answer.auth_req_id))).toEqual({
      status: 400,
      error: 'invalid_grant',
    })
    // The second use takes nothing from the first.
    expect((await fetch(`${system.issuer}/userinfo`, { headers: header })).status).toBe(200)
  })

  test('C-10 the refresh token works, for its client only', async () => {
    const [person, other] = await Promise.all([system.user(), backchannelClient(system)])
    const { auth_req_id } = await asked(system, client, person, { scope: 'openid offline_access' })
    await decideRequest(system, person, 'approve')
    const { refresh_token } = await tokensOf(await pollBackchannel(system, client, auth_req_id))
    const form = { grant_type: 'refresh_token', refresh_token }
    expect(await refusal(await tokenRequest(system, other, form))).toEqual({ status: 400, error: 'invalid_grant' })
    expect((await tokenRequest(system, client, form)).status).toBe(200)
  })

  test('C-02 ASY-13 a denied request gives no token, whatever is pressed next', async () => {
    const person = await system.user()
    const { auth_req_id } = await asked(system, client, person)
    const agent = system.agent()
    const page = await openApprovals(agent, person)
    await press(agent, page, 'deny')
    const late = await agent.follow(await press(agent, page, 'approve'))
    expect(textOf(await late.text())).toContain('That request is over')
    for (let poll = 0; poll < 2; poll++)
      expect(await refusal(await pollBackchannel(system, client, auth_req_id))).toEqual({
        status: 400,
        error: 'access_denied',
      })
  })

  test('ASY-13 of parallel decisions one counts', async () => {
    const person = await system.user()
    const { auth_req_id } = await asked(system, client, person)
    const agent = system.agent()
    const page = await openApprovals(agent, person)
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => press(agent, page, index % 2 === 0 ? 'approve' : 'deny')),
    )
    const places = answers.map((answer) => answer.headers.get('location'))
    expect(places.filter((place) => place !== '/approvals?done=over')).toHaveLength(1)
    const approved = places.includes('/approvals?done=approved')
    expect((await pollBackchannel(system, client, auth_req_id)).status).toBe(approved ? 200 : 400)
  })

  test('ASY-13 of two requests the one that was decided is decided', async () => {
    const person = await system.user()
    const first = await asked(system, client, person, { requested_expiry: '60' })
    const second = await asked(system, client, person, { requested_expiry: '120' })
    const agent = system.agent()
    const page = await openApprovals(agent, person)
    const [, later = ''] = [...page.matchAll(/name="request" value="([^"]+)"/g)].map(([, id]) => id)
    const stranger = await press(agent, page, 'approve', { request: 'made-up' })
    expect(stranger.headers.get('location')).toBe('/approvals?done=over')
    await press(agent, page, 'approve', { request: later })
    expect(await refusal(await pollBackchannel(system, client, first.auth_req_id))).toMatchObject({
      error: 'authorization_pending',
    })
    expect((await pollBackchannel(system, client, second.auth_req_id)).status).toBe(200)
  })

  test('C-03 ASY-10 attack V3 polling too fast is told to slow down, and never a token', async () => {
    const { auth_req_id } = await asked(system, client, await system.user())
    const errors: unknown[] = []
    for (let poll = 0; poll < 4; poll++)
      errors.push((await refusal(await pollBackchannel(system, client, auth_req_id))).error)
    expect(errors).toEqual(['authorization_pending', 'slow_down', 'slow_down', 'slow_down'])
  })

  test('C-05 the auth_req_id of another client is refused, and stays good', async () => {
    const other = await backchannelClient(system)
    const { auth_req_id } = await asked(system, client, await system.user())
    const wrong = { status: 400, error: 'invalid_grant' }
    expect(await refusal(await pollBackchannel(system, other, auth_req_id))).toEqual(wrong)
    const forged = auth_req_id.slice(0, -1) + (auth_req_id.endsWith('_') ? 'A' : '_')
    expect(await refusal(await pollBackchannel(system, client, forged))).toEqual(wrong)
    expect(await refusal(await pollBackchannel(system, client, auth_req_id))).toMatchObject({
      error: 'authorization_pending',
    })
  })

  test('C-04 an unanswered request expires as the client wished', async () => {
    const { auth_req_id, expires_in } = await asked(system, client, await system.user(), { requested_expiry: '1' })
    expect(expires_in).toBe(1)
    await expect
      .poll(async () => (await refusal(await pollBackchannel(system, client, auth_req_id))).error, { timeout: 5000 })
      .toBe('expired_token')
  })

  test('C-14 C-15 the order of scopes and the type of requested_expiry do not matter', async () => {
    const person = await system.user()
    const response = await askPerson(system, client, { login_hint: person.sub, scope: 'email openid' })
    expect(response.status).toBe(200)
    const answer = await asked(system, client, person, { requested_expiry: '100000' })
    expect(answer.expires_in).toBe(900)
    const bad = await askPerson(system, client, { login_hint: person.sub, requested_expiry: '-1' })
    expect(await refusal(bad)).toEqual({ status: 400, error: 'invalid_request' })
  })

  test.each([
    ['bidi override', 'Pay \u202Eesrever'],
    ['zero width', 'Pay\u200B10'],
    ['control character', 'Pay\u000710'],
    ['line separator', 'Pay\u2028here'],
    ['markup', '<b>Pay</b>'],
    ['address', 'see https://evil.example'],
    ['stacked accents', 'Pay\u0301\u0301\u0301\u0301\u0301'],
    ['blank', '   '],
    ['too long', 'x'.repeat(101)],
  ])('C-16 ASY-08 attack V8 a message with %s is refused', async (_, binding_message) => {
    const response = await askPerson(system, client, { login_hint: user.username, binding_message })
    expect(await refusal(response)).toEqual({ status: 400, error: 'invalid_binding_message' })
  })

  test('C-16 a message in another script, with an emoji, is shown as it is', async () => {
    const person = await system.user()
    await asked(system, client, person, { binding_message: '支払い 1,000円 😀' })
    expect(await openApprovals(system.agent(), person)).toContain('支払い 1,000円 😀')
  })

  test('ASY-06 C-33 needs openid and exactly one hint of a person who is known', async () => {
    const hint = { login_hint: user.username }
    const both = await askPerson(system, client, { ...hint, id_token_hint: 'x' })
    expect(await refusal(both)).toEqual({ status: 400, error: 'invalid_request' })
    expect(await refusal(await askPerson(system, client, {}))).toEqual({ status: 400, error: 'invalid_request' })
    const without = await askPerson(system, client, { ...hint, scope: 'email' })
    expect(await refusal(without)).toEqual({ status: 400, error: 'invalid_scope' })
    const nobody = await askPerson(system, client, { login_hint: 'nobody-at-all' })
    expect(await refusal(nobody)).toEqual({ status: 400, error: 'unknown_user_id' })
  })

  test('ASY-06 takes an ID token of ours for the client as a hint, and no other', async () => {
    const [person, both, other] = await Promise.all([
      system.user(),
      backchannelClient(system, {
        grant_types: ['authorization_code', 'urn:openid:params:grant-type:ciba'],
        response_types: ['code'],
        redirect_uris: ['http://127.0.0.1:9/callback'],
      }),
      backchannelClient(system),
    ])
    const { id_token } = await signedInTokens(system, both, person)
    expect((await askPerson(system, both, { id_token_hint: id_token })).status).toBe(200)
    for (const response of [
      await askPerson(system, other, { id_token_hint: id_token }),
      await askPerson(system, both, { id_token_hint: `${id_token.slice(0, -4)}AAAA` }),
    ])
      expect(await refusal(response)).toEqual({ status: 400, error: 'invalid_request' })
  })

  test('ASY-06 takes a hint token that the client signed until it expires', async () => {
    const signing = await signingClient('ES256')
    const own = await backchannelClient(system, signing.metadata)
    const now = Math.floor(Date.now() / 1000)
    const claims = { iss: own.client_id, aud: system.issuer, login_hint: user.username }
    const good = await signing.sign({ ...claims, exp: now + 60 })
    expect((await askPerson(system, own, { login_hint_token: good })).status).toBe(200)
    const old = await signing.sign({ ...claims, exp: now - 1 })
    expect(await refusal(await askPerson(system, own, { login_hint_token: old }))).toEqual({
      status: 400,
      error: 'expired_login_hint_token',
    })
    const foreign = await signing.sign({ ...claims, iss: 'another', exp: now + 60 })
    expect(await refusal(await askPerson(system, own, { login_hint_token: foreign }))).toEqual({
      status: 400,
      error: 'invalid_request',
    })
  })

  test('ASY-08 a person who has set a code gets only requests that name it', async () => {
    const person = await system.user()
    const agent = system.agent()
    const page = await openApprovals(agent, person)
    const set = await agent.submit(page, { action: 'set_code', code: 'tulip42' }, '/approvals')
    expect(set.headers.get('location')).toBe('/approvals?done=code_set')
    const hint = { login_hint: person.username }
    expect(await refusal(await askPerson(system, client, hint))).toEqual({ status: 400, error: 'missing_user_code' })
    const wrong = await askPerson(system, client, { ...hint, user_code: 'rose42' })
    expect(await refusal(wrong)).toEqual({ status: 400, error: 'invalid_user_code' })
    expect((await askPerson(system, client, { ...hint, user_code: 'tulip42' })).status).toBe(200)
    // Guessing ends soon, even with the right one at last.
    const statuses: number[] = []
    for (let guess = 0; guess < 7; guess++)
      statuses.push((await askPerson(system, client, { ...hint, user_code: `guess${guess}` })).status)
    expect(statuses.at(-1)).toBe(429)
    expect((await askPerson(system, client, { ...hint, user_code: 'tulip42' })).status).toBe(429)
  })

  test('ASY-09 another person who signs in neither sees nor decides it', async () => {
    const [person, other] = await Promise.all([system.user(), system.user()])
    const { auth_req_id } = await asked(system, client, person, { binding_message: 'only for one' })
    const owner = system.agent()
    const page = await openApprovals(owner, person)
    const request = /name="request" value="([^"]+)"/.exec(page)?.[1] ?? ''
    const agent = system.agent()
    const strange = await openApprovals(agent, other)
    expect(strange).not.toContain('only for one')
    const forged = await agent.submit(strange, { action: 'approve', request }, '/approvals')
    expect(forged.headers.get('location')).toBe('/approvals?done=over')
    expect(await refusal(await pollBackchannel(system, client, auth_req_id))).toMatchObject({
      error: 'authorization_pending',
    })
  })

  test('attack O16 a decision posted from another site is refused', async () => {
    const agent = system.agent()
    const page = await openApprovals(agent, await system.user())
    const csrf = /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? ''
    expect(
      (await agent.post('/approvals', { csrf, action: 'set_code', code: '1234' }, { 'sec-fetch-site': 'cross-site' }))
        .status,
    ).toBe(403)
    expect((await agent.post('/approvals', { csrf: 'x', action: 'set_code', code: '1234' })).status).toBe(403)
  })
})

describe('who may ask', () => {
  test('C-06 C-07 C-36 a client that does not prove who it is gets nothing', async () => {
    const signing = await signingClient('ES256')
    const client = await backchannelClient(system, {
      ...signing.metadata,
      token_endpoint_auth_method: 'private_key_jwt',
    })
    const form = new URLSearchParams({ client_id: client.client_id, scope: 'openid', login_hint: 'x' })
    const bare = await fetch(`${system.issuer}/bc-authorize`, { method: 'POST', body: form })
    expect(await refusal(bare)).toEqual({ status: 401, error: 'invalid_client' })
    const token = new URLSearchParams({
      client_id: client.client_id,
      grant_type: 'urn:openid:params:grant-type:ciba',
      auth_req_id: 'x',
    })
    const atToken = await fetch(`${system.issuer}/token`, { method: 'POST', body: token })
    expect(await refusal(atToken)).toEqual({ status: 401, error: 'invalid_client' })
  })

  test('C-08 C-37 an assertion with another algorithm than the registered one is refused', async () => {
    const [wrong, right] = await Promise.all([signingClient('RS256'), signingClient('ES256')])
    const client = await backchannelClient(system, {
      jwks: {
        keys: [...(wrong.metadata.jwks?.keys ?? []), ...(right.metadata.jwks?.keys ?? [])].map((key, index) => ({
          ...key,
          kid: index === 0 ? 'rsa' : 'one',
        })),
      },
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
    })
    for (const endpoint of ['/bc-authorize', '/token']) {
      const response = await postAssertion(client, wrong, endpoint, `${system.issuer}${endpoint}`)
      expect(await refusal(response)).toEqual({ status: 401, error: 'invalid_client' })
    }
  })

  test('C-09 an assertion for the issuer is accepted', async () => {
    const signing = await signingClient('ES256')
    const [client, user] = await Promise.all([
      backchannelClient(system, { ...signing.metadata, token_endpoint_auth_method: 'private_key_jwt' }),
      system.user(),
    ])
    const asking = await postAssertion(client, signing, '/bc-authorize', system.issuer, {
      scope: 'openid',
      login_hint: user.username,
    })
    expect(asking.status).toBe(200)
    const { auth_req_id }: { auth_req_id: string } = await asking.json()
    const polling = await postAssertion(client, signing, '/token', system.issuer, {
      grant_type: 'urn:openid:params:grant-type:ciba',
      auth_req_id,
    })
    expect(await refusal(polling)).toEqual({ status: 400, error: 'authorization_pending' })
  })

  test('ASY-10 the grant type has to be registered, and a push client cannot poll', async () => {
    const [plain, push] = await Promise.all([
      system.client(),
      backchannelClient(system, { backchannel_token_delivery_mode: 'push' }),
    ])
    for (const response of [
      await askPerson(system, plain, { login_hint: 'x' }),
      await pollBackchannel(system, push, 'anything'),
      await pollBackchannel(system, plain, 'anything'),
    ])
      expect(await refusal(response)).toEqual({ status: 400, error: 'unauthorized_client' })
  })

  function postAssertion(
    client: TestClient,
    signing: SigningClient,
    endpoint: string,
    audience: string,
    form: Record<string, string> = {},
  ): Promise<Response> {
    const now = Math.floor(Date.now() / 1000)
    return signing
      .sign({
        iss: client.client_id,
        sub: client.client_id,
        aud: audience,
        iat: now,
        exp: now + 60,
        jti: randomBytes(16).toString('base64url'),
      })
      .then((assertion) =>
        fetch(`${system.issuer}${endpoint}`, {
          method: 'POST',
          body: new URLSearchParams({
            client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
            client_assertion: assertion,
            ...form,
          }),
        }),
      )
  }
})

describe('a signed request', () => {
  let signing: SigningClient
  let client: TestClient
  let user: TestUser
  const now = () => Math.floor(Date.now() / 1000)
  const send = async (changes: Record<string, unknown>) =>
    postAs(system, client, '/bc-authorize', {
      request: await signing.sign(requestClaims(system, client, user, changes)),
    })

  beforeAll(async () => {
    signing = await signingClient('ES256')
    ;[client, user] = await Promise.all([
      backchannelClient(system, { ...signing.metadata, backchannel_authentication_request_signing_alg: 'ES256' }),
      system.user(),
    ])
  })

  test('C-12 C-15 is as good as its parameters, with numbers as numbers or as text', async () => {
    for (const requested_expiry of [30, '30']) {
      const person = await system.user()
      const response = await send({ requested_expiry, login_hint: person.username, binding_message: '1234' })
      expect(response.status).toBe(200)
      expect(await response.json()).toMatchObject({ expires_in: 30 })
    }
  })

  test.each<[string, () => Record<string, unknown>]>([
    ['C-17 no aud', () => ({ aud: undefined })],
    ['C-18 the aud of another server', () => ({ aud: 'https://other.example' })],
    ['C-19 no iss', () => ({ iss: undefined })],
    ['C-20 the iss of another client', () => ({ iss: 'another-client' })],
    ['C-21 no exp', () => ({ exp: undefined })],
    ['C-22 an exp in the past', () => ({ exp: now() - 300, nbf: now() - 600, iat: now() - 600 })],
    ['C-23 an exp 70 minutes ahead', () => ({ exp: now() + 4200 })],
    ['C-24 no iat', () => ({ iat: undefined })],
    ['C-25 no nbf', () => ({ nbf: undefined })],
    ['C-26 an nbf 10 minutes ahead', () => ({ nbf: now() + 600 })],
    ['C-27 an nbf 70 minutes ago', () => ({ nbf: now() - 4200 })],
    ['C-28 no jti', () => ({ jti: undefined })],
    ['C-33 two hints', () => ({ id_token_hint: 'x' })],
  ])('C-17 C-18 C-19 C-20 C-21 C-22 C-23 C-24 C-25 C-26 C-27 C-28 C-33 is refused: %s', async (_, changes) => {
    expect(await refusal(await send(changes()))).toEqual({ status: 400, error: 'invalid_request' })
  })

  test('C-28 attack C5 is taken once, also of a hundred at once', async () => {
    const person = await system.user()
    const request = await signing.sign(requestClaims(system, client, person))
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => postAs(system, client, '/bc-authorize', { request })),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  })

  test('C-29 C-30 C-31 C-32 attack J1 needs the client’s own signature with its algorithm', async () => {
    const claims = requestClaims(system, client, user)
    const [rsa, stranger] = await Promise.all([generateKeyPair('RS256'), generateKeyPair('ES256')])
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const good = await signing.sign(claims)
    const [head = '', body = '', signature = ''] = good.split('.')
    const broken = `${head}.${body}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`
    for (const request of [
      `${encode({ alg: 'none' })}.${encode(claims)}.`,
      broken,
      await new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'one' }).sign(rsa.privateKey),
      await new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'one' }).sign(stranger.privateKey),
      `${head}.${Buffer.from(`{"scope":"openid",${JSON.stringify(claims).slice(1)}`).toString('base64url')}.${signature}`,
      'not a JWT',
    ])
      expect(await refusal(await postAs(system, client, '/bc-authorize', { request }))).toEqual({
        status: 400,
        error: 'invalid_request',
      })
  })

  test('C-38 attack P3 the client cannot send plain parameters, alone or beside', async () => {
    const plain = await askPerson(system, client, { login_hint: user.username })
    expect(await refusal(plain)).toEqual({ status: 400, error: 'invalid_request' })
    const request = await signing.sign(requestClaims(system, client, user))
    const beside = await postAs(system, client, '/bc-authorize', { request, binding_message: 'other' })
    expect(await refusal(beside)).toEqual({ status: 400, error: 'invalid_request' })
  })
})
