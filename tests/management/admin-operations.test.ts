import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signedInTokens, tokenRequest } from '../support/oauth.ts'
import { type System, type TestClient, type TestUser, startSystem } from '../support/system.ts'
import { adminCall, adminJson, json, refusal } from './support.ts'

interface GrantPage {
  readonly grants: { id: string; sub: string; client_id: string; revoked: boolean; offline: boolean; scope: string }[]
  readonly nextCursor: string | null
}
interface Event {
  readonly time: string
  readonly actor: string
  readonly action: string
  readonly target: string
  readonly outcome: string
  readonly requestId: string
}

describe('admin API: grants, keys, audit', () => {
  let system: System
  let client: TestClient
  let user: TestUser
  const signIn = (of = client) => signedInTokens(system, of, user, { scope: 'openid offline_access' })
  const grants = (query: string) => adminJson<GrantPage>(system, 'GET', `/grants?${query}`)
  const events = async (query = '') =>
    (await adminJson<{ events: Event[] }>(system, 'GET', `/audit?limit=100${query}`)).events

  beforeAll(async () => {
    system = await startSystem()
    ;[client, user] = await Promise.all([system.client(), system.user()])
  })
  afterAll(() => system[Symbol.asyncDispose]())

  test('grants are listed over all shards, page by page, each once', async () => {
    for (let i = 0; i < 6; i++) await signIn()
    const ids: string[] = []
    let pages = 0
    for (let cursor: string | null = ''; cursor !== null; pages++) {
      const page: GrantPage = await grants(`user=${user.username}&limit=2${cursor && `&cursor=${cursor}`}`)
      expect(page.grants.length).toBeLessThanOrEqual(2)
      ids.push(...page.grants.map(({ id }) => id))
      cursor = page.nextCursor
    }
    expect(new Set(ids).size).toBe(6)
    expect(ids).toHaveLength(6)
    expect(pages).toBeLessThanOrEqual(4)
    const { grants: all } = await grants(`client=${client.client_id}`)
    expect(all[0]).toMatchObject({ sub: user.sub, revoked: false, offline: true, scope: 'openid offline_access' })
  })

  test('attack R3: a grant that is revoked cannot be refreshed; nor those of a person for a client', async () => {
    const other = await system.client()
    const [tokens, kept] = [await signIn(other), await signIn()]
    const {
      grants: [grant],
    } = await grants(`client=${other.client_id}`)
    expect((await adminCall(system, 'DELETE', `/grants/${grant?.id}`)).status).toBe(204)
    const refresh = async (of: TestClient, token: string) =>
      (await tokenRequest(system, of, { grant_type: 'refresh_token', refresh_token: token })).status
    expect(await refresh(other, tokens.refresh_token)).toBe(400)
    expect(await refresh(client, kept.refresh_token)).toBe(200)
    await signIn(other)
    const path = `/grants?user=${encodeURIComponent(user.email)}&client=${other.client_id}`
    expect(await adminJson(system, 'DELETE', path)).toEqual({ revoked: 1 })
    expect(await adminJson(system, 'DELETE', path)).toEqual({ revoked: 0 })
    expect(await refusal(await adminCall(system, 'DELETE', '/grants'))).toEqual({
      status: 400,
      error: 'invalid_request',
    })
    for (const id of ['nothing', '0.AAAAAAAAAAAAAAAAAAAAAA', 'zz.AAAAAAAAAAAAAAAAAAAAAA'])
      expect((await adminCall(system, 'DELETE', `/grants/${id}`)).status).toBe(404)
  })

  test('keys: a rotation is planned, can be repeated, and a revoked key is gone', async () => {
    type Keys = {
      keys: { kid: string; alg: string; state: string }[]
      schedule: { days: number; nextRotationAt: string }
    }
    const before = await adminJson<Keys>(system, 'GET', '/keys')
    expect(before.schedule.days).toBe(90)
    expect(before.keys.map(({ alg, state }) => `${alg} ${state}`).toSorted()).toEqual([
      'ES256 current',
      'ES256 next',
      'RS256 current',
      'RS256 next',
    ])
    type Rotations = {
      rotations: { alg: string; retiring: string; current: string; next: string; effectiveAt: string }[]
    }
    const { rotations } = await adminJson<Rotations>(system, 'POST', '/keys/rotate', { alg: 'ES256' })
    expect(rotations).toHaveLength(1)
    expect(Date.parse(rotations[0]?.effectiveAt ?? '')).toBeGreaterThan(Date.now())
    expect(await adminJson(system, 'POST', '/keys/rotate', { alg: 'ES256' })).toEqual({ rotations })
    const kid = rotations[0]?.retiring ?? ''
    const { revocation } = await adminJson<{ revocation: object }>(system, 'POST', `/keys/${kid}/revoke`, {})
    expect(revocation).toMatchObject({ kid, alg: 'ES256', dies: expect.stringContaining('ES256') })
    const after = await adminJson<Keys>(system, 'GET', '/keys')
    expect(after.keys.map((key) => key.kid)).not.toContain(kid)
    expect((await adminCall(system, 'POST', `/keys/${kid}/revoke`, { body: {} })).status).toBe(404)
    expect(await adminJson(system, 'PUT', '/keys/schedule', { days: 30 })).toMatchObject({ schedule: { days: 30 } })
    expect((await adminCall(system, 'PUT', '/keys/schedule', { body: { days: 0 } })).status).toBe(400)
    expect((await adminCall(system, 'POST', '/keys/rotate', { body: { alg: 'none' } })).status).toBe(400)
  })

  test('every call is one audit row, with who, what, how it ended and the request', async () => {
    const since = new Date().toISOString()
    await adminJson(system, 'GET', '/clients')
    const created = await adminCall(system, 'POST', '/users', { body: { email: 'audit@example.com' } })
    const { user: person } = await json<{ user: { sub: string } }>(created)
    await adminCall(system, 'POST', '/users', { body: { email: 'audit@example.com' } })
    await adminCall(system, 'GET', '/users/nobody')
    await adminJson(system, 'POST', `/users/${person.sub}/sign-out`, {})
    const { kid: actor } = system.local.operatorKey
    const seen = (await events(`&since=${since}&actor=${actor}`)).map(({ action, target, outcome }) => [
      action,
      target,
      outcome,
    ])
    expect(seen).toEqual([
      ['users.sign_out', person.sub, 'done'],
      ['users.show', '', 'not_found'],
      ['users.create', expect.any(String), 'already_exists'],
      ['users.create', person.sub, 'done'],
      ['clients.list', '', 'done'],
    ])
    const [row] = await events(`&since=${since}`)
    expect(row).toMatchObject({ actor, action: 'audit.list', requestId: expect.any(String) })
    expect(created.headers.get('x-request-id')).toBeTruthy()
    const requestIds = (await events(`&since=${since}`)).map(({ requestId }) => requestId)
    expect(requestIds).toContain(created.headers.get('x-request-id'))
  })

  test('XCT-02 the audit log has no addresses and no secrets', async () => {
    const text = JSON.stringify(await events())
    expect(text).not.toContain('audit@example.com')
    expect(text).not.toContain(user.email)
  })

  test('the audit log pages, newest first', async () => {
    const first = await adminJson<{ events: Event[]; nextCursor: string }>(system, 'GET', '/audit?limit=2')
    const second = await adminJson<{ events: Event[] }>(system, 'GET', `/audit?limit=2&cursor=${first.nextCursor}`)
    const times = [...first.events, ...second.events].map(({ time }) => time)
    expect(times).toEqual(times.toSorted().toReversed())
    expect((await adminCall(system, 'GET', '/audit?since=yesterday')).status).toBe(400)
  })

  test('fault F30: an admin change fails when its audit row cannot be written', async () => {
    const { db } = system
    await db.prepare('ALTER TABLE audit RENAME TO audit_away').run()
    try {
      const body = { email: 'unaudited@example.com' }
      const answers = [
        await adminCall(system, 'POST', '/users', { body }),
        await adminCall(system, 'POST', '/keys/rotate', { body: { now: true } }),
        await adminCall(system, 'GET', '/clients'),
      ]
      for (const answer of answers) {
        expect(answer.status).toBe(503)
        expect(answer.headers.get('retry-after')).toBeTruthy()
      }
      expect(await db.prepare("SELECT count(*) AS n FROM users WHERE email = 'unaudited@example.com'").first('n')).toBe(
        0,
      )
    } finally {
      await db.prepare('ALTER TABLE audit_away RENAME TO audit').run()
    }
  })

  test('fault F34: a body over 64 KiB is refused, and one that is no JSON as well', async () => {
    const large = await adminCall(system, 'POST', '/users', { body: { email: 'x'.repeat(70_000) } })
    expect(large.status).toBe(413)
    const text = await adminCall(system, 'POST', '/users', { body: 'text' })
    expect(await refusal(text)).toEqual({ status: 400, error: 'invalid_request' })
  })

  test('every operation of the description is there, and wants a signed caller', async () => {
    type Description = { openapi: string; paths: Record<string, Record<string, unknown>>; servers: { url: string }[] }
    const description = await adminJson<Description>(system, 'GET', '/openapi.json')
    expect(description.openapi).toBe('3.1.0')
    expect(description.servers).toEqual([{ url: `${system.issuer}/admin/v1` }])
    const described = Object.entries(description.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect(described.length).toBeGreaterThan(30)
    for (const operation of described) {
      const [method = '', path = ''] = operation.split(' ')
      const unsigned = await fetch(`${system.issuer}/admin/v1${path.replaceAll(/\{\w+\}/g, 'x')}`, { method })
      expect(unsigned.status, operation).toBe(401)
    }
    expect((await adminCall(system, 'GET', '/nothing')).status).toBe(404)
    expect((await adminCall(system, 'DELETE', '/clients')).status).toBe(405)
  })
})
