import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { adminJson } from '../management/support.ts'
import { claimsOf } from '../support/oauth.ts'
import { everyShard } from '../support/durable-objects.ts'
import { openSite, type Site } from '../support/site.ts'
import { type System, startSystem } from '../support/system.ts'
import {
  askPerson,
  asked,
  backchannelClient,
  decideRequest,
  notificationToken,
  openApprovals,
  pollBackchannel,
  press,
} from './ciba-support.ts'
import { refusal, tokensOf } from './support.ts'

let system: System
let site: Site
beforeAll(async () => {
  site = await openSite()
  system = await startSystem({ variables: { APPROVAL_WEBHOOK: `${site.origin}/webhook` } })
})
afterAll(async () => {
  await system[Symbol.asyncDispose]()
  await site.close()
})

/** What the site got at a path. */
function received(path: string) {
  return site.requests.filter(({ url }) => url.pathname === path)
}

const notified = (path: string) =>
  vi.waitFor(
    () => {
      const [first] = received(path)
      if (!first) throw new Error('nothing came')
      return first
    },
    { timeout: 10_000, interval: 50 },
  )

function bodyOf(request: { readonly body: string }): Record<string, unknown> {
  return JSON.parse(request.body)
}

const notifiedClient = (mode: 'ping' | 'push', path: string) =>
  backchannelClient(system, {
    backchannel_token_delivery_mode: mode,
    backchannel_client_notification_endpoint: `${site.origin}${path}`,
  })

describe('ping', () => {
  test('C-12 ASY-11 says that the answer is there, with the client’s token and nothing else', async () => {
    const [client, user] = await Promise.all([notifiedClient('ping', '/ping-1'), system.user()])
    const client_notification_token = 'a'.repeat(1024)
    const { auth_req_id } = await asked(system, client, user, { client_notification_token })
    expect(received('/ping-1')).toHaveLength(0)
    await decideRequest(system, user, 'approve')
    const notice = await notified('/ping-1')
    expect(notice.method).toBe('POST')
    expect(notice.headers).toMatchObject({
      authorization: `Bearer ${client_notification_token}`,
      'content-type': 'application/json',
    })
    expect(bodyOf(notice)).toEqual({ auth_req_id })
    await tokensOf(await pollBackchannel(system, client, auth_req_id))
  })

  test('C-02 is sent for a denial as well', async () => {
    const [client, user] = await Promise.all([notifiedClient('ping', '/ping-2'), system.user()])
    const { auth_req_id } = await asked(system, client, user, { client_notification_token: notificationToken() })
    await decideRequest(system, user, 'deny')
    expect(bodyOf(await notified('/ping-2'))).toEqual({ auth_req_id })
    expect(await refusal(await pollBackchannel(system, client, auth_req_id))).toMatchObject({ error: 'access_denied' })
  })

  test.each([
    ['C-39 200 with a body', '/ping-3', { status: 200, body: 'thank you' }],
    ['C-12 204', '/ping-9', { status: 204 }],
    ['C-40 C-42 401', '/ping-4', { status: 401 }],
    ['C-41 403', '/ping-5', { status: 403 }],
    ['C-43 attack S2 ASY-11 a redirect', '/ping-6', { status: 301, headers: { location: '/elsewhere' } }],
  ])(
    'C-39 C-40 C-41 C-42 C-43 attack S2 ASY-11 %s ends the notice, and the client gets its tokens',
    async (_, path, answer) => {
      site.pages.set(path, () => answer)
      const [client, user] = await Promise.all([notifiedClient('ping', path), system.user()])
      const { auth_req_id } = await asked(system, client, user, { client_notification_token: notificationToken() })
      await decideRequest(system, user, 'approve')
      await notified(path)
      await tokensOf(await pollBackchannel(system, client, auth_req_id))
      await vi.waitFor(async () => expect(await waitingNotices()).toBe(0), { timeout: 5000 })
      expect(received(path)).toHaveLength(1)
      expect(received('/elsewhere')).toHaveLength(0)
    },
  )

  test('fault F38 is tried again while the client’s server is down', async () => {
    site.pages.set('/ping-7', () => ({ status: 503 }))
    const [client, user] = await Promise.all([notifiedClient('ping', '/ping-7'), system.user()])
    const { auth_req_id } = await asked(system, client, user, { client_notification_token: notificationToken() })
    await decideRequest(system, user, 'approve')
    await notified('/ping-7')
    site.pages.set('/ping-7', 'fine')
    await vi.waitFor(() => expect(received('/ping-7')).toHaveLength(2), { timeout: 15_000, interval: 200 })
    expect(received('/ping-7').map(bodyOf)).toEqual([{ auth_req_id }, { auth_req_id }])
    await vi.waitFor(async () => expect(await waitingNotices()).toBe(0), { timeout: 5000 })
  })

  test('ASY-07 needs a token of 128 bits or more and at most 1024 characters', async () => {
    const [client, user] = await Promise.all([notifiedClient('ping', '/ping-8'), system.user()])
    for (const client_notification_token of ['', 'short', 'x'.repeat(1025), 'no spaces are allowed here, please'])
      expect(
        await refusal(await askPerson(system, client, { login_hint: user.username, client_notification_token })),
      ).toEqual({ status: 400, error: 'invalid_request' })
  })
})

describe('push', () => {
  test('ASY-12 brings the tokens, bound to the request and to each other', async () => {
    const [client, user] = await Promise.all([notifiedClient('push', '/push-1'), system.user()])
    const token = notificationToken()
    const answer = await asked(system, client, user, {
      client_notification_token: token,
      scope: 'openid email offline_access',
    })
    expect(answer.interval).toBeUndefined()
    await decideRequest(system, user, 'approve')
    const notice = await notified('/push-1')
    expect(notice.headers.authorization).toBe(`Bearer ${token}`)
    const body = bodyOf(notice)
    expect(body).toMatchObject({ auth_req_id: answer.auth_req_id, token_type: 'Bearer', expires_in: 600 })
    const keys = createRemoteJWKSet(new URL(`${system.issuer}/.well-known/jwks.json`))
    const { payload } = await jwtVerify(String(body['id_token']), keys, {
      issuer: system.issuer,
      audience: client.client_id,
    })
    expect(payload).toMatchObject({
      sub: user.sub,
      'urn:openid:params:jwt:claim:auth_req_id': answer.auth_req_id,
      at_hash: await halfHash(String(body['access_token'])),
      'urn:openid:params:jwt:claim:rt_hash': await halfHash(String(body['refresh_token'])),
    })
    const userinfo = await fetch(`${system.issuer}/userinfo`, {
      headers: { authorization: `Bearer ${String(body['access_token'])}` },
    })
    expect(await userinfo.json()).toMatchObject({ email: user.email })
    expect(await refusal(await pollBackchannel(system, client, answer.auth_req_id))).toMatchObject({
      error: 'unauthorized_client',
    })
  })

  test('ASY-12 says that the person declined', async () => {
    const [client, user] = await Promise.all([notifiedClient('push', '/push-2'), system.user()])
    const { auth_req_id } = await asked(system, client, user, { client_notification_token: notificationToken() })
    await decideRequest(system, user, 'deny')
    expect(bodyOf(await notified('/push-2'))).toEqual({
      auth_req_id,
      error: 'access_denied',
      error_description: 'the person declined',
    })
  })
})

describe('push for a client that was stopped meanwhile', () => {
  test('ASY-12 an approval that cannot be carried out is pushed as transaction_failed', async () => {
    const [client, user] = await Promise.all([notifiedClient('push', '/push-3'), system.user()])
    const { auth_req_id } = await asked(system, client, user, { client_notification_token: notificationToken() })
    const agent = system.agent()
    const page = await openApprovals(agent, user)
    await adminJson(system, 'POST', `/clients/${client.client_id}/disable`, {})
    const after = await (await agent.follow(await press(agent, page, 'approve'))).text()
    expect(after).not.toContain('Approved.')
    expect(bodyOf(await notified('/push-3'))).toEqual({
      auth_req_id,
      error: 'transaction_failed',
      error_description: 'the tokens could not be made',
    })
  })
})

describe('the webhook', () => {
  test('tells the operator’s system in a signed message who has to decide what, once', async () => {
    const [client, user] = await Promise.all([backchannelClient(system), system.user()])
    await asked(system, client, user, { binding_message: 'Transfer 7' })
    const message = await vi.waitFor(
      () => {
        const found = received('/webhook').find(({ body }) => claimsOf(body)['sub'] === user.sub)
        if (!found) throw new Error('nothing came')
        return found
      },
      { timeout: 10_000, interval: 50 },
    )
    expect(message.headers['content-type']).toBe('application/jwt')
    const keys = createRemoteJWKSet(new URL(`${system.issuer}/.well-known/jwks.json`))
    const { payload } = await jwtVerify(message.body, keys, {
      issuer: system.issuer,
      audience: `${site.origin}/webhook`,
      typ: 'authrim-approval+jwt',
      requiredClaims: ['jti', 'exp', 'iat'],
    })
    expect(payload).toMatchObject({
      client_id: client.client_id,
      client_name: 'Corner Bank',
      binding_message: 'Transfer 7',
      scope: 'openid email',
      approval_uri: `${system.issuer}/approvals`,
    })
    // It opens no door: another type than an access token.
    const userinfo = await fetch(`${system.issuer}/userinfo`, { headers: { authorization: `Bearer ${message.body}` } })
    expect(userinfo.status).toBe(401)
  })
})

describe('the webhook of a system that is down', () => {
  test('fault F38 gets the same message again, so that whoever takes each jti once takes it once', async () => {
    const path = '/webhook'
    site.pages.set(path, () => ({ status: 503 }))
    const [client, user] = await Promise.all([backchannelClient(system), system.user()])
    await asked(system, client, user)
    const own = () => received(path).filter(({ body }) => claimsOf(body)['sub'] === user.sub)
    await vi.waitFor(() => expect(own()).toHaveLength(1), { timeout: 10_000, interval: 50 })
    site.pages.set(path, 'fine')
    await vi.waitFor(() => expect(own()).toHaveLength(2), { timeout: 15_000, interval: 200 })
    const [first, second] = own().map(({ body }) => body)
    expect(second).toBe(first)
    expect(claimsOf(first ?? '')).toMatchObject({ jti: expect.any(String), exp: expect.any(Number) })
    await vi.waitFor(async () => expect(await waitingNotices()).toBe(0), { timeout: 5000 })
  })
})

async function waitingNotices(): Promise<number> {
  const counts: number[] = []
  for (const shard of await everyShard(system, 'PENDING_REQUESTS')) counts.push(await shard.noticeCount())
  return counts.reduce((sum, count) => sum + count, 0)
}

async function halfHash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return Buffer.from(digest).subarray(0, 16).toString('base64url')
}
