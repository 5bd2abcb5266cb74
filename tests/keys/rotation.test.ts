import { rmSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeProtectedHeader } from 'jose'
import * as v from 'valibot'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startLocalEnvironment } from '../../cli/local/environment.ts'
import type { WorkerLog } from '../../cli/embedded-cloudflare/log.ts'
import { publicationLead } from '../../shared/protocol/key-life-cycle.ts'
import type { WorkerName } from '../../shared/topology.ts'
import type { Agent } from '../support/agent.ts'
import { bodyOf } from '../support/answers.ts'
import { Doubles, withDoubles } from '../support/doubles.ts'
import { type LeasedKeys, objectOf } from '../support/durable-objects.ts'
import { signedInTokens, tokenRequest } from '../support/oauth.ts'
import { type System, type TestClient, type TestUser, startSystem } from '../support/system.ts'

const all = ['op-discovery', 'op-auth', 'op-token', 'op-userinfo'] as const

function isLeasing(value: unknown): value is { lease(): Promise<LeasedKeys> } {
  return typeof value === 'object' && value !== null && 'lease' in value
}

describe('keys as relying parties meet them', () => {
  let system: System
  let client: TestClient
  let user: TestUser
  let agent: Agent
  beforeAll(async () => {
    system = await startSystem({ transform: withDoubles(...all) })
    ;[client, user] = await Promise.all([system.client(), system.user()])
    agent = system.agent()
  })
  afterAll(() => system[Symbol.asyncDispose]())

  const advance = async (seconds: number) => {
    for (const name of all) await new Doubles(system.issuer, name).advance(seconds)
  }
  const userinfo = async (token: string) =>
    (await fetch(`${system.issuer}/userinfo`, { headers: { authorization: `Bearer ${token}` } })).status
  const kids = async () => {
    const jwks = await bodyOf(await fetch(`${system.issuer}/.well-known/jwks.json`))
    return Object(jwks)['keys'].map((key: { kid: string }) => key.kid)
  }
  const kidOf = (token: string) => decodeProtectedHeader(token).kid
  const keyManager = () => objectOf(system, 'KEY_MANAGER', 'keys')
  const signIn = () => signedInTokens(system, client, user, {}, agent)

  test('each Worker gets the keys of its binding: userinfo and op-auth no private one', async () => {
    const leased = async (worker: WorkerName) => {
      const { KEYS: service } = await system.local.env(worker)
      if (!isLeasing(service)) throw new Error(`${worker} leases no keys`)
      return service.lease()
    }
    for (const worker of ['op-userinfo', 'op-auth', 'op-management'] as const)
      expect((await leased(worker)).signing).toEqual([])
    expect(Object.keys((await leased('op-userinfo')).handles)).toEqual(['access'])
    expect((await leased('op-token')).signing).toHaveLength(2)
    expect(JSON.stringify((await leased('op-userinfo')).publicKeys)).not.toMatch(/"d":/)
    const saml = await leased('op-saml')
    expect([saml.saml?.length, saml.signing]).toEqual([1, []])
    for (const worker of ['op-userinfo', 'op-auth', 'op-management', 'op-token'] as const)
      expect(await leased(worker)).not.toHaveProperty('saml')
    expect(await system.local.env('op-userinfo')).not.toHaveProperty('KEY_MANAGER')
    expect(await system.local.env('op-token')).not.toHaveProperty('KEY_MANAGER')
  })

  test('a token of before a planned rotation works after it, and new ones have the new key', async () => {
    await advance(0)
    const before = await signIn()
    const published = await kids()
    const now = Math.floor(Date.now() / 1000)
    const rotations = await (await keyManager()).rotate(undefined, false, now)
    // The longest wait: the keys were made when the system started.
    expect(Math.max(...rotations.map(({ effectiveAt = Infinity }) => effectiveAt))).toBeLessThanOrEqual(
      now + publicationLead,
    )
    await advance(publicationLead - 60)
    const meanwhile = await bodyOf(await tokenRequest(system, client, { grant_type: 'client_credentials' }))
    expect(published).toContain(kidOf(String(meanwhile['access_token'])))
    await advance(publicationLead + 5)
    expect(await userinfo(before.access_token)).toBe(600 > publicationLead + 5 ? 200 : 401)
    const after = await signIn()
    expect(kidOf(after.access_token)).not.toBe(kidOf(before.access_token))
    expect(kidOf(after.id_token)).not.toBe(kidOf(before.id_token))
    // A client that fetched the keys before the rotation knows the new one already.
    expect(published).toEqual(expect.arrayContaining([kidOf(after.access_token), kidOf(after.id_token)]))
    expect(await userinfo(after.access_token)).toBe(200)
    expect(await kids()).toContain(kidOf(before.id_token))
  })

  test('an immediate rotation causes no false refusal at our own endpoints', async () => {
    await advance(0)
    const before = await signIn()
    await (await keyManager()).rotate(undefined, true, Math.floor(Date.now() / 1000))
    await advance(31)
    const after = await signIn()
    expect(kidOf(after.access_token)).not.toBe(kidOf(before.access_token))
    expect(await userinfo(after.access_token)).toBe(200)
    expect(await userinfo(before.access_token)).toBe(200)
  })

  test('a revoked key’s tokens are refused when the lease is over, and new ones work', async () => {
    await advance(100)
    const tokens = await signIn()
    expect(await userinfo(tokens.access_token)).toBe(200)
    await (await keyManager()).revoke(kidOf(tokens.access_token) ?? '', Math.floor(Date.now() / 1000) + 100)
    await advance(131)
    expect(await userinfo(tokens.access_token)).toBe(401)
    expect(await userinfo((await signIn()).access_token)).toBe(200)
    expect(await kids()).not.toContain(kidOf(tokens.access_token))
  })
})

test('fault F13 with a wrong secret nothing is signed, opened or made, and the log says so', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'authrim-keys-'))
  const logs: WorkerLog[] = []
  const form = {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'x', client_id: 'c' }),
  }
  try {
    const first = await startLocalEnvironment({ folder })
    const { environment } = first
    const before = await (await fetch(`${first.issuer}/.well-known/jwks.json`)).json()
    await fetch(`${first.issuer}/authorize`)
    await first.dispose()
    writeFileSync(join(folder, 'secret'), `${Buffer.alloc(32, 7).toString('base64url')}\n`)
    const second = await startLocalEnvironment({ folder, environment, onLog: (log) => logs.push(log) })
    try {
      const userinfo = await fetch(`${second.issuer}/userinfo`, { headers: { authorization: 'Bearer opaque' } })
      expect(userinfo.status).toBe(503)
      expect((await fetch(`${second.issuer}/token`, form)).status).toBe(401)
      expect(await (await fetch(`${second.issuer}/.well-known/jwks.json`)).json()).toEqual(before)
      await expect(second.admin.post('/keys/rotate', {}, v.unknown())).rejects.toThrow()
      expect(await (await fetch(`${second.issuer}/.well-known/jwks.json`)).json()).toEqual(before)
      expect(logs.some((log) => log.fields?.['level'] === 'error' && log.fields['status'] === 503)).toBe(true)
    } finally {
      await second.dispose()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
