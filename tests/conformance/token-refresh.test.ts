import * as v from 'valibot'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Agent } from '../support/agent.ts'
import { bodyOf, expectError } from '../support/answers.ts'
import { Doubles, withDoubles } from '../support/doubles.ts'
import { everyShard } from '../support/durable-objects.ts'
import { type Tokens, claimsOf, signedInTokens, tokenRequest } from '../support/oauth.ts'
import { type System, type TestClient, type TestUser, startSystem } from '../support/system.ts'

describe('refreshing', () => {
  let system: System
  let client: TestClient
  let user: TestUser
  let agent: Agent
  let clock: Doubles
  beforeAll(async () => {
    system = await startSystem({ transform: withDoubles('op-token') })
    clock = new Doubles(system.issuer, 'op-token')
    ;[client, user] = await Promise.all([system.client(), system.user()])
    agent = system.agent()
  })
  afterAll(() => system[Symbol.asyncDispose]())

  const signIn = (scope = 'openid email offline_access', of = client) =>
    signedInTokens(system, of, user, { scope }, agent)
  const refresh = (refresh_token: string, more: Record<string, string> = {}, of = client) =>
    tokenRequest(system, of, { grant_type: 'refresh_token', refresh_token, ...more })
  const refreshed = async (token: string, more: Record<string, string> = {}): Promise<Tokens> => {
    const response = await refresh(token, more)
    expect(response.status).toBe(200)
    const tokens: Tokens = await response.json()
    return tokens
  }
  const userinfo = (token: string) =>
    fetch(`${system.issuer}/userinfo`, { headers: { authorization: `Bearer ${token}` } })

  test('B-29 TOK-09 gives new tokens, and an ID token of the same sign-in', async () => {
    const first = await signIn()
    const response = await refresh(first.refresh_token)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const second: Tokens = await response.json()
    const [before, after] = [claimsOf(first.id_token), claimsOf(second.id_token)]
    for (const claim of ['iss', 'sub', 'aud', 'auth_time', 'acr', 'sid']) expect(after[claim]).toEqual(before[claim])
    expect(after).not.toHaveProperty('nonce')
    expect(Number(after['iat'])).toBeGreaterThanOrEqual(Number(before['iat']))
    expect(second.access_token).not.toBe(first.access_token)
    for (const token of [second.access_token, second.refresh_token]) expect(token).toMatch(/^[\x20-\x7e]+$/)
    expect((await userinfo(second.access_token)).status).toBe(200)
  })

  test('B-29 TOK-07 a token is its client’s alone, and another client harms nothing', async () => {
    const [tokens, other] = [await signIn(), await system.client()]
    await expectError(await refresh(tokens.refresh_token, {}, other), 400, 'invalid_grant')
    expect((await refresh(tokens.refresh_token)).status).toBe(200)
  })

  test('without offline_access there is no refresh token', async () => {
    expect(await signIn('openid')).not.toHaveProperty('refresh_token')
  })

  test('TOK-07 attack R1 a token used after its successor ends the family', async () => {
    const first = await signIn()
    const second = await refreshed(first.refresh_token)
    const third = await refreshed(second.refresh_token)
    await expectError(await refresh(first.refresh_token), 400, 'invalid_grant')
    await expectError(await refresh(third.refresh_token), 400, 'invalid_grant')
    expect((await userinfo(third.access_token)).status).toBe(401)
  })

  test('TOK-07 attack R1 the last token again: the same successor for half a minute, then the end', async () => {
    const first = await signIn()
    const second = await refreshed(first.refresh_token)
    await clock.advance(25)
    expect((await refreshed(first.refresh_token)).refresh_token).toBe(second.refresh_token)
    await clock.advance(35)
    await expectError(await refresh(first.refresh_token), 400, 'invalid_grant')
    await expectError(await refresh(second.refresh_token), 400, 'invalid_grant')
    await clock.advance(0)
  })

  test('attack R2 fault F32 a hundred parallel refreshes give one lineage', async () => {
    const { refresh_token } = await signIn()
    const responses = await Promise.all(Array.from({ length: 100 }, () => refresh(refresh_token)))
    const successors = new Set<unknown>()
    for (const response of responses) {
      expect(response.status).toBe(200)
      successors.add((await bodyOf(response))['refresh_token'])
    }
    expect(successors.size).toBe(1)
    const [successor] = successors
    expect((await refresh(String(successor))).status).toBe(200)
  })

  test('two devices of one person do not fight', async () => {
    const [here, there] = [await signIn(), await signIn()]
    const next = await refreshed(here.refresh_token)
    await refreshed(there.refresh_token)
    expect((await refresh(next.refresh_token)).status).toBe(200)
  })

  test('TOK-08 attack O18 scope may narrow, never widen, and the grant keeps its own', async () => {
    const first = await signIn()
    const narrowed = await refreshed(first.refresh_token, { scope: 'openid' })
    expect(narrowed.scope).toBe('openid')
    expect(await bodyOf(await userinfo(narrowed.access_token))).toEqual({ sub: user.sub })
    await expectError(await refresh(narrowed.refresh_token, { scope: 'openid profile' }), 400, 'invalid_scope')
    const whole = await refreshed(narrowed.refresh_token)
    expect(whole.scope).toBe('openid email offline_access')
  })

  test('TOK-10 a token that is not used for thirty days is no more, one that is used lives on', async () => {
    const month = 2_592_000
    const tokens = await signIn()
    await clock.advance(month - 10)
    const second = await refreshed(tokens.refresh_token)
    await clock.advance(2 * month - 20)
    expect((await refresh(second.refresh_token)).status).toBe(200)
    await clock.advance(0)
    const idle = await signIn()
    await clock.advance(month + 1)
    await expectError(await refresh(idle.refresh_token), 400, 'invalid_grant')
    await clock.advance(0)
  })

  test('TOK-10 attack R3 a person who is disabled or changes the password refreshes no more', async () => {
    for (const change of ['disable', 'password'] as const) {
      const person = await system.user()
      const tokens = await signedInTokens(system, client, person, { scope: 'openid offline_access' })
      const path = `/users/${person.sub}/${change}`
      if (change === 'disable') await system.local.admin.post(path, {}, v.unknown())
      else await system.local.admin.put(path, { password: 'another good one' }, v.unknown())
      await expectError(await refresh(tokens.refresh_token), 400, 'invalid_grant')
      expect((await userinfo(tokens.access_token)).status).toBe(401)
    }
  })

  test('attack R3 XCT-06 a client that is disabled refreshes no more, at once', async () => {
    const stopped = await system.client()
    const tokens = await signedInTokens(system, stopped, user, { scope: 'openid offline_access' }, agent)
    const second = await bodyOf(await refresh(tokens.refresh_token, {}, stopped))
    await system.local.admin.post(`/clients/${stopped.client_id}/disable`, {}, v.unknown())
    await expectError(await refresh(String(second['refresh_token']), {}, stopped), 401, 'invalid_client')
    expect((await userinfo(tokens.access_token)).status).toBe(401)
  })

  test('XCT-06 an old secret is refused at once where a grant is used, and the new one works', async () => {
    const rotating = await system.client()
    const tokens = await signedInTokens(system, rotating, user, { scope: 'openid offline_access' }, agent)
    const answer = v.object({ client: v.object({ client_secret: v.string() }) })
    const { client: changed } = await system.local.admin.post(`/clients/${rotating.client_id}/secret`, {}, answer)
    await expectError(await refresh(tokens.refresh_token, {}, rotating), 401, 'invalid_client')
    expect((await refresh(tokens.refresh_token, {}, { ...rotating, secret: changed.client_secret })).status).toBe(200)
  })

  test('XCT-06 a deleted client is unknown to every grant', async () => {
    const gone = await system.client()
    const tokens = await signedInTokens(system, gone, user, { scope: 'openid offline_access' }, agent)
    await system.local.admin.delete(`/clients/${gone.client_id}`, v.unknown())
    await expectError(await refresh(tokens.refresh_token, {}, gone), 401, 'invalid_client')
    expect((await userinfo(tokens.access_token)).status).toBe(401)
  })

  test('TOK-10 consent that is withdrawn ends the grant', async () => {
    const tokens = await signIn()
    const now = Math.floor(Date.now() / 1000)
    // What op-auth does when the person withdraws it.
    for (const ledger of await everyShard(system, 'GRANT_LEDGER'))
      await ledger.revokeAll({ sub: user.sub, clientId: client.client_id }, now)
    await expectError(await refresh(tokens.refresh_token), 400, 'invalid_grant')
  })
})
