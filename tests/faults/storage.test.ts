import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Agent } from '../support/agent.ts'
import { bodyOf, expectError } from '../support/answers.ts'
import { Doubles, type Fault, withDoubles } from '../support/doubles.ts'
import { everyShard } from '../support/durable-objects.ts'
import { authorizationPath, codeFor, signedInTokens, tokenRequest } from '../support/oauth.ts'
import { type System, type TestClient, type TestUser, startSystem } from '../support/system.ts'

const all = ['op-discovery', 'op-auth', 'op-token', 'op-userinfo'] as const

describe('storage that is not well', () => {
  let system: System
  let client: TestClient
  let user: TestUser
  let agent: Agent
  let doubles: Record<(typeof all)[number], Doubles>
  beforeAll(async () => {
    system = await startSystem({ transform: withDoubles(...all) })
    const of = (name: (typeof all)[number]) => new Doubles(system.issuer, name)
    doubles = {
      'op-discovery': of('op-discovery'),
      'op-auth': of('op-auth'),
      'op-token': of('op-token'),
      'op-userinfo': of('op-userinfo'),
    }
    ;[client, user] = await Promise.all([system.client(), system.user()])
    agent = system.agent()
    await signedInTokens(system, client, user, { scope: 'openid email offline_access' }, agent)
  })
  afterAll(() => system[Symbol.asyncDispose]())
  beforeEach(async () => {
    for (const name of all) {
      await doubles[name].fail({})
      await doubles[name].advance(0)
    }
  })

  const signIn = (scope = 'openid email offline_access') => signedInTokens(system, client, user, { scope }, agent)
  const redeem = (code: string, of = client) =>
    tokenRequest(system, of, { grant_type: 'authorization_code', code, redirect_uri: of.redirectUri })
  const refresh = (token: string, of = client) =>
    tokenRequest(system, of, { grant_type: 'refresh_token', refresh_token: token })
  const userinfo = (token: unknown) =>
    fetch(`${system.issuer}/userinfo`, { headers: { authorization: `Bearer ${String(token)}` } })
  const expectUnavailable = async (response: Response) => {
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    await expectError(response, 503, 'temporarily_unavailable')
  }

  describe.each<Fault>(['miss', 'stale', 'fail', 'hang'])('fault F26 KV: %s', (fault) => {
    test(`fault F26 every flow passes with KV ${fault}, a good code is never refused and none counts twice`, async () => {
      const kv = { CLIENTS: { fault }, AUTH_CODES: { fault }, REFRESH_TOKENS: { fault } }
      for (const name of ['op-auth', 'op-token'] as const) await doubles[name].fail(kv)
      // A client that no isolate has seen yet.
      const fresh = await system.client()
      const scope = 'openid email offline_access'
      const code = await codeFor(system, fresh, user, { scope }, agent)
      const responses = await Promise.all([redeem(code, fresh), redeem(code, fresh)])
      expect(responses.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 400])
      const tokens = await signedInTokens(system, fresh, user, { scope }, agent)
      const second = await refresh(tokens.refresh_token, fresh)
      expect(second.status).toBe(200)
      const { refresh_token, access_token } = await bodyOf(second)
      expect((await refresh(String(refresh_token), fresh)).status).toBe(200)
      expect((await userinfo(access_token)).status).toBe(200)
      expect((await tokenRequest(system, fresh, { grant_type: 'client_credentials' })).status).toBe(200)
    })
  })

  test('fault F26 a stale client record in KV is noticed where a grant is used', async () => {
    const rotating = await system.client()
    const { refresh_token } = await signedInTokens(system, rotating, user, { scope: 'openid offline_access' }, agent)
    const record = { ...rotating, secrets: [{ hash: 'another' }], revision: rotating.revision + 1 }
    await system.db
      .prepare('UPDATE clients SET record = ? WHERE client_id = ?')
      .bind(JSON.stringify(record), rotating.client_id)
      .run()
    for (const ledger of await everyShard(system, 'GRANT_LEDGER'))
      await ledger.announceClient({ clientId: rotating.client_id, revision: record.revision }, false)
    await expectError(await refresh(refresh_token, rotating), 401, 'invalid_client')
  })

  test('fault F27 with D1 down refreshing, keys and known clients live; a new sign-in is 503', async () => {
    const tokens = await signIn()
    expect((await userinfo(tokens.access_token)).status).toBe(200)
    const down = { DB: { fault: 'fail' } } as const
    for (const name of ['op-auth', 'op-token', 'op-userinfo'] as const) await doubles[name].fail(down)
    expect((await refresh(tokens.refresh_token)).status).toBe(200)
    expect((await fetch(`${system.issuer}/.well-known/jwks.json`)).status).toBe(200)
    expect((await tokenRequest(system, client, { grant_type: 'client_credentials' })).status).toBe(200)
    const stranger = system.agent()
    const page = await stranger.follow(await stranger.get(authorizationPath(client)))
    const signedIn = await stranger.submit(
      await page.text(),
      { identifier: user.username, password: user.password },
      '/signin',
    )
    expect(signedIn.status).toBe(503)
    await expectUnavailable(
      await tokenRequest(system, { ...client, client_id: 'never-seen' }, { grant_type: 'client_credentials' }),
    )
  })

  test('fault F27 userinfo goes on with a copy that is young enough, and then says 503', async () => {
    const tokens = await signIn()
    const claims = await bodyOf(await userinfo(tokens.access_token))
    await doubles['op-userinfo'].fail({ DB: { fault: 'fail' } })
    expect(await bodyOf(await userinfo(tokens.access_token))).toEqual(claims)
    const other = await system.user()
    const unseen = await signedInTokens(system, client, other, { scope: 'openid' })
    await expectUnavailable(await userinfo(unseen.access_token))
    await doubles['op-userinfo'].advance(301)
    await expectUnavailable(await userinfo(tokens.access_token))
  })

  test('fault F27 a revocation counts also while userinfo answers from its copy', async () => {
    const tokens = await signIn()
    expect((await userinfo(tokens.access_token)).status).toBe(200)
    await doubles['op-userinfo'].fail({ DB: { fault: 'fail' } })
    for (const ledger of await everyShard(system, 'GRANT_LEDGER'))
      await ledger.revokeAll({ sub: user.sub }, Math.floor(Date.now() / 1000))
    expect((await userinfo(tokens.access_token)).status).toBe(401)
  })

  test.each(['reset', 'lost'] as const)(
    'fault F21 a ledger that dies (%s) is asked again, and gives the same answer',
    async (fault) => {
      const code = await codeFor(system, client, user, { scope: 'openid offline_access' }, agent)
      await doubles['op-token'].fail({ 'GRANT_LEDGER.claim': { fault, times: 1 } })
      const redeemed = await redeem(code)
      expect(redeemed.status).toBe(200)
      const tokens = await bodyOf(redeemed)
      expect((await userinfo(tokens['access_token'])).status).toBe(200)
      expect((await doubles['op-token'].calls())['GRANT_LEDGER.claim']).toBe(2)
      await doubles['op-token'].fail({ 'GRANT_LEDGER.rotate': { fault, times: 1 } })
      const refreshed = await refresh(String(tokens['refresh_token']))
      expect(refreshed.status).toBe(200)
      expect((await refresh(String((await bodyOf(refreshed))['refresh_token']))).status).toBe(200)
    },
  )

  test('fault F21 a ledger that stays dead is 503, and nothing was claimed', async () => {
    const code = await codeFor(system, client, user, {}, agent)
    await doubles['op-token'].fail({ 'GRANT_LEDGER.claim': { fault: 'reset' } })
    await expectUnavailable(await redeem(code))
    expect((await doubles['op-token'].calls())['GRANT_LEDGER.claim']).toBe(2)
    await doubles['op-token'].fail({})
    expect((await redeem(code)).status).toBe(200)
  })

  test('fault F22 an overloaded ledger is 503 with Retry-After, and is not asked again', async () => {
    const code = await codeFor(system, client, user, {}, agent)
    const tokens = await signIn()
    await doubles['op-token'].fail({ GRANT_LEDGER: { fault: 'overloaded' } })
    await doubles['op-userinfo'].fail({ GRANT_LEDGER: { fault: 'overloaded' } })
    await doubles['op-token'].calls()
    await doubles['op-userinfo'].calls()
    await expectUnavailable(await redeem(code))
    await expectUnavailable(await refresh(tokens.refresh_token))
    await expectUnavailable(await userinfo(tokens.access_token))
    const asked = Object.entries(await doubles['op-token'].calls()).filter(([name]) => name.startsWith('GRANT_LEDGER.'))
    expect(asked.reduce((sum, [, count]) => sum + count, 0)).toBe(2)
    expect((await doubles['op-userinfo'].calls())['GRANT_LEDGER.tokenStanding']).toBe(1)
    await doubles['op-token'].fail({})
    expect((await redeem(code)).status).toBe(200)
  })

  test('fault F20 objects that restart between the steps of a flow lose nothing', async () => {
    const killAll = async () => {
      for (const binding of ['GRANT_LEDGER', 'SESSION_STORE', 'PENDING_REQUESTS', 'THROTTLE'] as const)
        for (const object of await everyShard(system, binding)) await object.kill().catch(() => undefined)
    }
    const browser = system.agent()
    const page = await browser.follow(await browser.get(authorizationPath(client, { scope: 'openid offline_access' })))
    await killAll()
    const credentials = { identifier: user.username, password: user.password }
    const signedIn = await browser.submit(await page.text(), credentials, '/signin')
    await killAll()
    const callback = await browser.authorize('', user, await browser.follow(signedIn))
    await killAll()
    const tokens = await bodyOf(await redeem(callback.searchParams.get('code') ?? ''))
    await killAll()
    expect((await userinfo(tokens['access_token'])).status).toBe(200)
    expect((await refresh(String(tokens['refresh_token']))).status).toBe(200)
    expect(await browser.authorize(authorizationPath(client, { prompt: 'none' }), user)).toHaveProperty(
      'search',
      expect.stringContaining('code='),
    )
  })

  test('fault F29 without KeyManager a leased key signs to the end of its lease, then 503', async () => {
    const tokens = await signIn()
    await doubles['op-token'].fail({ KEYS: { fault: 'fail' } })
    await doubles['op-userinfo'].fail({ KEYS: { fault: 'fail' } })
    const second = await bodyOf(await refresh(tokens.refresh_token))
    expect((await userinfo(second['access_token'])).status).toBe(200)
    await doubles['op-token'].advance(31)
    await doubles['op-userinfo'].advance(31)
    await expectUnavailable(await refresh(String(second['refresh_token'])))
    await expectUnavailable(await userinfo(second['access_token']))
    expect((await fetch(`${system.issuer}/.well-known/jwks.json`)).status).toBe(200)
    await doubles['op-token'].fail({})
    expect((await refresh(String(second['refresh_token']))).status).toBe(200)
  })

  test('fault F39 a record that cannot be read is invalid_grant, and only its id is logged', async () => {
    const secret = 'garbage with a secret in it'
    const code = await codeFor(system, client, user, {}, agent)
    await doubles['op-token'].fail({ AUTH_CODES: { fault: 'miss' } })
    for (const ledger of await everyShard(system, 'GRANT_LEDGER'))
      await ledger.sql('UPDATE grants SET record = ? WHERE claimed_at IS NULL', secret)
    await expectError(await redeem(code), 400, 'invalid_grant')
    const warning = system.logs.find((log) => log.fields?.['event'] === 'bad_record')
    expect(warning?.fields).toEqual({ level: 'warn', event: 'bad_record', source: 'ledger', id: expect.any(String) })
    expect(JSON.stringify(system.logs)).not.toContain(secret)
  })

  test('forged shard ids: garbage at the token endpoint costs no storage call and creates no object', async () => {
    await tokenRequest(system, client, { grant_type: 'client_credentials' })
    const { access_token, refresh_token } = await signIn()
    await doubles['op-token'].calls()
    for (let i = 0; i < 300; i++) {
      const bytes = Buffer.from(crypto.getRandomValues(new Uint8Array(45)))
      bytes.set([1, i % 2, 1])
      const text = bytes.toString('base64url')
      await expectError(await redeem(text), 400, 'invalid_grant')
      await expectError(await refresh(text), 400, 'invalid_grant')
    }
    // Tokens of ours of another kind are as foreign as garbage.
    for (const other of [access_token, refresh_token]) await expectError(await redeem(other), 400, 'invalid_grant')
    const calls = Object.keys(await doubles['op-token'].calls()).filter((name) => name !== 'KEYS.lease')
    expect(calls).toEqual([])
  })
})
