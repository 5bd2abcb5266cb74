import { randomBytes, randomUUID } from 'node:crypto'
import { generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { GatePerson, KeyLeaseService } from '../../shared/protocol/key-lease.ts'
import { gate, type WorkerName } from '../../shared/topology.ts'
import { everyShard } from '../support/durable-objects.ts'
import { authorizationPath, claimsOf, pkce } from '../support/oauth.ts'
import { quickHash } from '../support/quick-hashing.ts'
import { startSystem, type System, type TestClient } from '../support/system.ts'
import { adminJson, type SigningKey } from './support.ts'

let system: System
beforeAll(async () => {
  system = await startSystem()
})
afterAll(() => system?.[Symbol.asyncDispose]())

/** A client and a person as the deploy gate makes them. */
async function gatePair() {
  const client_id = `gate-${randomBytes(8).toString('hex')}`
  const redirectUri = 'https://gate.invalid/callback'
  const metadata = {
    client_id,
    redirect_uris: [redirectUri],
    token_endpoint_auth_method: 'none',
    scope: 'openid email',
  }
  const { client } = await adminJson<{ client: TestClient }>(system, 'POST', '/clients', metadata)
  const email = `${client_id}@${gate.domain}`
  const { user } = await adminJson<{ user: { sub: string } }>(system, 'POST', '/users', { email })
  return { client: { ...client, redirectUri }, email, sub: user.sub }
}

interface TicketChanges {
  readonly claims?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, unknown>>
  readonly key?: SigningKey
}

function ticketFor(
  email: string,
  { claims = {}, header = {}, key = system.local.operatorKey }: TicketChanges = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  return new SignJWT({
    iss: key.kid,
    sub: email,
    aud: system.issuer,
    iat: now,
    exp: now + 60,
    jti: randomUUID(),
    ...claims,
  })
    .setProtectedHeader({ alg: 'EdDSA', typ: gate.ticketType, kid: key.kid, ...header })
    .sign(key.privateKey)
}

/** Where signing in with a ticket leads: the redirect to the client, or undefined while the page stays. */
async function signIn(client: TestClient, email: string, ticket: string, agent = system.agent()) {
  const proof = pkce()
  const path = authorizationPath(client, { ...proof.parameters, scope: 'openid email' })
  const page = await (await agent.follow(await agent.get(path))).text()
  let answer = await agent.follow(await agent.submit(page, { identifier: email, password: ticket }, '/signin'))
  if (answer.status === 200) {
    const text = await answer.text()
    if (!text.includes('action="/consent"')) return undefined
    answer = await agent.follow(await agent.submit(text, { action: 'allow' }, '/consent'))
  }
  const location = answer.headers.get('location')
  return location === null ? undefined : { callback: new URL(location), verifier: proof.verifier }
}

test('a ticket signs the gate’s person in to the gate’s client, and the tokens are about that person', async () => {
  const { client, email, sub } = await gatePair()
  const done = await signIn(client, email, await ticketFor(email))
  const form = {
    grant_type: 'authorization_code',
    client_id: client.client_id,
    redirect_uri: client.redirectUri,
    code: done?.callback.searchParams.get('code') ?? '',
    code_verifier: done?.verifier ?? '',
  }
  const response = await fetch(`${system.issuer}/token`, { method: 'POST', body: new URLSearchParams(form) })
  const tokens: Record<string, string> = await response.json()
  expect(claimsOf(tokens['id_token'] ?? '')).toMatchObject({ sub, aud: client.client_id })
  const headers = { authorization: `Bearer ${tokens['access_token']}` }
  expect(await (await fetch(`${system.issuer}/userinfo`, { headers })).json()).toMatchObject({ sub, email })
})

describe('a ticket is refused', () => {
  test('the second time, and to all but one of a hundred at once', async () => {
    const { client, email } = await gatePair()
    const ticket = await ticketFor(email)
    expect(await signIn(client, email, ticket)).toBeDefined()
    expect(await signIn(client, email, ticket)).toBeUndefined()
    const another = await ticketFor(email)
    const redeem = await redeemerOf('op-auth')
    const answers = await Promise.all(Array.from({ length: 100 }, () => redeem(another, personOf(email))))
    expect(answers.filter(Boolean)).toHaveLength(1)
  })

  const past = Math.floor(Date.now() / 1000) - 30
  test.each([
    ['after its end', { claims: { exp: past } }],
    ['if it would live longer than the person', { claims: { exp: past + 3600 } }],
    ['without an end', { claims: { exp: undefined } }],
    ['without an id', { claims: { jti: '' } }],
    ['for another issuer', { claims: { aud: 'https://staging.example.com' } }],
    ['for another person', { claims: { sub: `gate-other@${gate.domain}` } }],
    ['as a token for the admin API', { header: { typ: 'authrim-operator+jwt' } }],
    ['with a header that has to be understood', { header: { crit: ['b64'], b64: true } }],
    ['of an operator that there is not', { header: { kid: 'a'.repeat(43) }, claims: { iss: 'a'.repeat(43) } }],
  ])('%s', async (_, wrong) => {
    const { client, email } = await gatePair()
    expect(await signIn(client, email, await ticketFor(email, wrong))).toBeUndefined()
    expect(await signIn(client, email, await ticketFor(email))).toBeDefined()
  })

  test('signed by anybody else, unsigned, or no ticket at all', async () => {
    const { client, email } = await gatePair()
    const { privateKey } = await generateKeyPair('Ed25519')
    const forged = await ticketFor(email, { key: { kid: system.local.operatorKey.kid, privateKey } })
    const [header, claims] = (await ticketFor(email)).split('.')
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ: gate.ticketType })).toString('base64url')
    for (const text of [
      forged,
      `${header}.${claims}.`,
      `${header}.${claims}.AAAA`,
      `${none}.${claims}.AAAA`,
      'a.b.c',
      'x',
    ]) {
      expect(await signIn(client, email, text), text).toBeUndefined()
    }
  })

  test('once its person is ten minutes old, however fresh it is', async () => {
    const { client, email, sub } = await gatePair()
    const { db } = system
    await db.prepare('UPDATE users SET created_at = created_at - 600 WHERE sub = ?').bind(sub).run()
    expect(await signIn(client, email, await ticketFor(email))).toBeUndefined()
  })

  test('for a real person, who still needs the password', async () => {
    const [client, user] = await Promise.all([system.client(), system.user()])
    expect(await signIn(client, user.email, await ticketFor(user.email))).toBeUndefined()
    expect(await signIn(client, user.email, user.password)).toBeDefined()
  })

  test('to a password, which the gate’s person does not have even if one is set', async () => {
    const { client, email } = await gatePair()
    const password = 'correct horse battery'
    const { db } = system
    await db
      .prepare("INSERT INTO credentials SELECT sub, 'password', ?, 0 FROM users WHERE email = ?")
      .bind(quickHash(password), email)
      .run()
    expect(await signIn(client, email, password)).toBeUndefined()
  })
})

test('whoever signed in by ticket reaches no other client and no page, not even one of the operator’s own', async () => {
  const { client, email } = await gatePair()
  const agent = system.agent()
  expect(await signIn(client, email, await ticketFor(email), agent)).toBeDefined()
  const silent = (other: TestClient) => agent.get(authorizationPath(other, { prompt: 'none' }))
  const real = await system.client({ first_party: true })
  expect((await silent(real)).headers.get('location')).toContain('error=login_required')
  expect((await agent.get('/account')).headers.get('location')).toContain('/signin')
  // A ticket spent on the page of a real client leads back to that page.
  expect(await signIn(real, email, await ticketFor(email), system.agent())).toBeUndefined()
})

test('sign-ins by ticket are not counted: an office that deploys often keeps its people’s attempts', async () => {
  const { client, email, sub } = await gatePair()
  const agent = system.agent()
  expect(await signIn(client, email, 'no ticket', agent)).toBeUndefined()
  expect(await signIn(client, email, await ticketFor(email), agent)).toBeDefined()
  // Makes whoever was counted once wait.
  const strict = { free: 0, firstWait: 100, longestWait: 100, memory: 100 }
  const now = Math.floor(Date.now() / 1000)
  for (const throttle of await everyShard(system, 'THROTTLE'))
    for (const key of [`address:${agent.address}`, `account:${sub}`])
      expect(await throttle.attempt(key, strict, now), key).toBe(0)
})

test('the session ends with the person: ten minutes, whatever the environment says', async () => {
  const { client, email, sub } = await gatePair()
  const before = Math.floor(Date.now() / 1000)
  expect(await signIn(client, email, await ticketFor(email))).toBeDefined()
  const { sessions } = await adminJson<{ sessions: { expiresAt: string }[] }>(system, 'GET', `/users/${sub}/sessions`)
  expect(sessions).toHaveLength(1)
  expect(Date.parse(sessions[0]?.expiresAt ?? '') / 1000 - before).toBeLessThanOrEqual(gate.lifetime + 5)
})

test('a Worker whose binding does not say so redeems none', async () => {
  const { email } = await gatePair()
  const redeem = await redeemerOf('op-token')
  expect(await redeem(await ticketFor(email), personOf(email))).toBe(false)
})

function personOf(email: string): GatePerson {
  return { email, createdAt: Math.floor(Date.now() / 1000) }
}

/** What a Worker may do through its binding of the key lease. */
async function redeemerOf(worker: WorkerName): Promise<KeyLeaseService['redeemTicket']> {
  const { KEYS } = await system.local.env(worker)
  if (!isKeyLease(KEYS)) throw new Error(`${worker} has no key lease`)
  return (ticket, person) => KEYS.redeemTicket(ticket, person)
}

function isKeyLease(binding: unknown): binding is KeyLeaseService {
  return typeof binding === 'object' || typeof binding === 'function'
}
