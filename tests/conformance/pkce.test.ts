import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answerOf } from '../support/answer.ts'
import { everyShard } from '../support/durable-objects.ts'
import { authorizationPath, claimsOf, codeFor, pkce, tokenRequest } from '../support/oauth.ts'
import { sharedSystem, startSystem, type System, type TestClient, type TestUser } from '../support/system.ts'

describe('PKCE, and what a code is bound to', () => {
  let system: System
  let client: TestClient
  let user: TestUser
  beforeAll(async () => {
    system = await sharedSystem()
    client = await system.client()
    user = await system.user()
  })
  afterAll(() => system[Symbol.asyncDispose]())

  /** Redeems a code; `undefined` leaves a parameter out. */
  async function redeem(code: string, change: Record<string, string> = {}, as = client) {
    const form = { grant_type: 'authorization_code', code, redirect_uri: client.redirectUri, ...change }
    const response = await tokenRequest(system, as, form)
    const body: Record<string, string> = await response.json()
    return { status: response.status, error: body['error'], accessToken: body['access_token'] ?? '' }
  }

  const refused = { status: 400, error: 'invalid_grant' }

  async function errorOf(of: TestClient, parameters: Record<string, string>): Promise<string | undefined> {
    return answerOf(await system.agent().get(authorizationPath(of, parameters))).parameters['error']
  }

  test('B-23 an S256 challenge and its verifier succeed', async () => {
    const { verifier, parameters } = pkce()
    const code = await codeFor(system, client, user, parameters)
    expect(await redeem(code, { code_verifier: verifier })).toMatchObject({ status: 200 })
  })

  test('AUT-08 public clients, and those that say so, need a challenge', async () => {
    const [publicClient, strict] = await Promise.all([
      system.client({ token_endpoint_auth_method: 'none' }),
      system.client({ require_pkce: true }),
    ])
    for (const of of [publicClient, strict]) expect(await errorOf(of, {})).toBe('invalid_request')
    const { parameters } = pkce()
    for (const of of [publicClient, strict])
      expect((await codeFor(system, of, user, parameters)).length).toBeGreaterThan(40)
  })

  test('AUT-08 attack O11 plain, another method, none at all, and a malformed challenge are refused', async () => {
    const { challenge, verifier } = pkce()
    for (const parameters of [
      { code_challenge: verifier, code_challenge_method: 'plain' },
      { code_challenge: challenge },
      { code_challenge: challenge, code_challenge_method: 's256' },
      { code_challenge: challenge, code_challenge_method: 'S512' },
      { code_challenge_method: 'S256' },
      { code_challenge: challenge.slice(1), code_challenge_method: 'S256' },
      { code_challenge: `${challenge}A`, code_challenge_method: 'S256' },
      { code_challenge: `${challenge.slice(1)}+`, code_challenge_method: 'S256' },
    ])
      expect(await errorOf(client, parameters)).toBe('invalid_request')
  })

  test('AUT-09 attack O10 a verifier without a challenge, and a challenge without verifier, are refused', async () => {
    const { verifier, parameters } = pkce()
    expect(await redeem(await codeFor(system, client, user), { code_verifier: verifier })).toMatchObject(refused)
    expect(await redeem(await codeFor(system, client, user, parameters))).toMatchObject(refused)
  })

  test('AUT-10 a code is bound to its challenge, and a wrong verifier burns it', async () => {
    const { verifier, parameters } = pkce()
    const code = await codeFor(system, client, user, parameters)
    expect(await redeem(code, { code_verifier: pkce().verifier })).toMatchObject(refused)
    expect(await redeem(code, { code_verifier: verifier })).toMatchObject(refused)
  })

  test('AUT-10 a code is bound to its client, whose own attempt still succeeds after a stranger’s', async () => {
    const stranger = await system.client()
    const code = await codeFor(system, client, user)
    expect(await redeem(code, {}, stranger)).toMatchObject(refused)
    expect(await redeem(code)).toMatchObject({ status: 200 })
  })

  test('AUT-10 a code is bound to its redirect URI', async () => {
    for (const change of [{ redirect_uri: 'http://127.0.0.1:9/other' }, { redirect_uri: '' }])
      expect(await redeem(await codeFor(system, client, user), change)).toMatchObject(refused)
  })

  test('AUT-10 a code has 128 random bits, lives a minute, is valid once, and its text is refused by arithmetic when changed', async () => {
    const code = await codeFor(system, client, user)
    const bytes = Buffer.from(code, 'base64url')
    // Octets 13 to 28 are the random id of a handle.
    const other = Buffer.from(await codeFor(system, client, user), 'base64url')
    expect(bytes.subarray(13, 29)).toHaveLength(16)
    expect(bytes.readUInt32BE(5) - Date.now() / 1000).toBeLessThanOrEqual(60)
    expect(bytes.subarray(13, 29).equals(other.subarray(13, 29))).toBe(false)
    for (const at of [0, 1, 2, 4, 8, 12, 20, 40]) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(await redeem(changed.toString('base64url'))).toMatchObject(refused)
    }
    expect(await redeem(code)).toMatchObject({ status: 200 })
    expect(await redeem(code)).toMatchObject(refused)
  })

  test('B-26 B-27 a code used again, at once or 30 seconds later, is invalid_grant and ends its tokens', async () => {
    const userinfo = (token: string) =>
      fetch(`${system.issuer}/userinfo`, { headers: { authorization: `Bearer ${token}` } })
    const code = await codeFor(system, client, user)
    const first = await redeem(code)
    expect((await userinfo(first.accessToken)).status).toBe(200)
    expect(await redeem(code)).toMatchObject(refused)
    expect((await userinfo(first.accessToken)).status).toBe(401)

    const later = await redeem(await codeFor(system, client, user))
    const grantId = claimsOf(later.accessToken)['grant_id']
    const now = Math.floor(Date.now() / 1000)
    const lifetimes = { tokensUntil: now + 600, refreshUntil: undefined }
    const knowledge = { clientId: client.client_id, revision: client.revision }
    const answers = []
    for (const ledger of await everyShard(system, 'GRANT_LEDGER'))
      answers.push(await ledger.claim(String(grantId), 'another-redemption', knowledge, lifetimes, now + 30))
    expect(answers.filter((answer) => answer !== 'unknown')).toEqual(['replayed'])
    expect((await userinfo(later.accessToken)).status).toBe(401)
  })
})

describe('a code that expires', () => {
  test('AUT-10 is refused', async () => {
    await using system = await startSystem({ variables: { CODE_EXPIRY: '1' } })
    const [client, user] = await Promise.all([system.client(), system.user()])
    const code = await codeFor(system, client, user)
    const expiresAt = Buffer.from(code, 'base64url').readUInt32BE(5)
    expect(expiresAt - Date.now() / 1000).toBeLessThanOrEqual(1)
    while (Date.now() / 1000 <= expiresAt + 1) await new Promise((resolve) => setTimeout(resolve, 100))
    const form = { grant_type: 'authorization_code', code, redirect_uri: client.redirectUri }
    const response = await tokenRequest(system, client, form)
    expect([response.status, await response.json()]).toMatchObject([400, { error: 'invalid_grant' }])
  })
})
