import type { ChildProcess } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { workerNames } from '../../shared/topology.ts'
import { addressFile, recordAddress } from '../../cli/embedded-cloudflare/address-file.ts'
import { openWorkshop, type Workshop } from '../cli/workshop.ts'
import { Agent } from '../support/agent.ts'
import { authorizationPath, basic, claimsOf, tokenRequest } from '../support/oauth.ts'
import type { TestClient } from '../support/system.ts'
import { callApi, everything, makeForeignThings } from './foreign.ts'
import { grantOf, type KeptGrant, putBackGrant } from './kept-grant.ts'
import { identityProviderMetadata } from '../saml/metadata.ts'

let shop: Workshop
let client: TestClient
const person = { username: 'ada', email: 'ada@example.com', password: 'a password for the rehearsal' }
const issuer = () => `http://localhost:${new URL(shop.cloudflare.edgeOrigin).port}`
const passphrase = ['--passphrase-file', 'passphrase.txt']

const d1: [string, string] = ['D1 Write', 'Account · D1 · Edit']
const routes: [string, string] = ['Workers Routes Write', 'Zone · Workers Routes · Edit']
const allBut = ['Workers KV Storage Write', 'Workers Scripts Write', 'Workers Tail Read', 'DNS Write', 'Zone Read']
const others = [...allBut, 'Account Settings Read', 'Account Analytics Read']
/** May look at its own policies. */
const weak = { value: 'weak-token', permissions: [...others, 'API Tokens Read'], missing: [d1, routes] }
/** May not, so each read is tried. */
const unproven = { value: 'unproven-token', permissions: [...others, 'Workers Routes Write'], missing: [d1] }

beforeAll(async () => {
  shop = await openWorkshop({ tokens: [weak, unproven] })
  shop.write('password.txt', person.password)
  shop.write('passphrase.txt', 'a long enough passphrase\n')
  await shop.deployed()
  await Promise.all(workerNames.map((worker) => fetch(`${issuer()}/${worker}/health`)))
  await shop.json(['users', 'create', '--email', person.email, '--username', 'ada', '--password-file', 'password.txt'])
  const created = await shop.json([
    'clients',
    'create',
    '--type',
    'web',
    '--name',
    'Shop',
    '--redirect-uri',
    'http://127.0.0.1:9/callback',
  ])
  client = { ...created.client, secret: created.client.client_secret, redirectUri: 'http://127.0.0.1:9/callback' }
}, 180_000)
afterAll(() => shop?.[Symbol.asyncDispose]())

const api = (path: string, init: RequestInit = {}) => callApi(shop, path, init)

interface Issued {
  readonly code: string
  readonly agent: Agent
  readonly tokens: Record<string, string>
}

async function signIn(): Promise<Issued> {
  const agent = new Agent(issuer())
  const path = authorizationPath(client, { scope: 'openid offline_access', prompt: 'consent' })
  const callback = await agent.authorize(path, person)
  const code = callback.searchParams.get('code') ?? ''
  const response = await redeem(code)
  expect(response.status).toBe(200)
  return { code, agent, tokens: await response.json() }
}

/** Workers keep the keys they leased for half a minute; until all have those of the new epoch, a code may be refused. */
function signInAgain(): Promise<Issued> {
  return vi.waitFor(signIn, { timeout: 45_000, interval: 2000 })
}

function redeem(code: string): Promise<Response> {
  return tokenRequest({ issuer: issuer() }, client, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: client.redirectUri,
  })
}

function refresh(token: string | undefined): Promise<Response> {
  return tokenRequest({ issuer: issuer() }, client, { grant_type: 'refresh_token', refresh_token: token ?? '' })
}

describe('watching', () => {
  test('status shows versions, health, requests, keys, and no drift', { timeout: 60_000 }, async () => {
    await signIn()
    const status = await shop.json(['status', '--since', '1h'])
    expect(status.workers.map(({ worker }: { worker: string }) => worker)).toEqual(workerNames)
    for (const worker of status.workers) {
      expect(worker).toMatchObject({
        share: 100,
        healthy: true,
        errorRate: 0,
        outOfMemory: 0,
        release: expect.any(String),
      })
      expect(worker.requests).toBeGreaterThan(0)
      expect(worker.wallMs.p99).toBeGreaterThanOrEqual(worker.wallMs.p50)
      expect(Date.parse(worker.deployedAt)).toBeLessThan(Date.now())
    }
    expect(status.keys.keys.filter(({ state }: { state: string }) => state === 'current')).toHaveLength(2)
    expect(Date.parse(status.keys.schedule.nextRotationAt)).toBeGreaterThan(Date.now())
    expect(status.drift).toEqual([])
  })

  test('status names drift: another bundle, a variable, and a route that went', { timeout: 60_000 }, async () => {
    await shop.json(['config', 'set', 'environments.local.codeTtl', '30'])
    const { drift } = await shop.json(['status'])
    expect(drift).toContainEqual({ where: 'op-auth', difference: '~ plain_text CODE_EXPIRY 60 → 30' })
    await shop.json(['config', 'set', 'environments.local.codeTtl'])
  })

  test('status --watch says it again until it is stopped, a document a line', { timeout: 60_000 }, async () => {
    let running: ChildProcess | undefined
    const watching = shop.authrim(['status', '--watch', '--interval', '1s', '--json'], {
      watch: (child) => (running = child),
    })
    let out = ''
    running?.stdout?.on('data', (part: Buffer) => (out += part.toString()))
    await vi.waitFor(() => expect(out.trim().split('\n').length).toBeGreaterThan(1), { timeout: 30_000, interval: 100 })
    running?.kill('SIGINT')
    expect((await watching).status).toBe(0)
    for (const line of out.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('workers')
  })

  test('logs merges Workers, a request a line, and connects again', { timeout: 60_000 }, async () => {
    let running: ChildProcess | undefined
    const following = shop.authrim(['logs', 'op-token', 'op-userinfo', '--json'], {
      watch: (child) => (running = child),
    })
    let out = ''
    let err = ''
    running?.stdout?.on('data', (part: Buffer) => (out += part.toString()))
    running?.stderr?.on('data', (part: Buffer) => (err += part.toString()))
    const lines = () =>
      out
        .trim()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    await vi.waitFor(() => expect(err).toContain('Following'), { timeout: 20_000, interval: 50 })
    const response = await fetch(`${issuer()}/token?secret=in-the-query`, {
      method: 'POST',
      body: new URLSearchParams({ a: 'b' }),
    })
    await fetch(`${issuer()}/userinfo`)
    await fetch(`${issuer()}/authorize`)
    await vi.waitFor(() => expect(lines()).toHaveLength(2), { timeout: 10_000, interval: 50 })
    expect(lines()).toContainEqual(
      expect.objectContaining({
        worker: 'op-token',
        method: 'POST',
        path: '/token',
        status: response.status,
        outcome: 'ok',
        requestId: response.headers.get('x-request-id'),
      }),
    )
    expect(out).not.toContain('in-the-query')
    shop.cloudflare.dropTails()
    await vi.waitFor(() => expect(err.match(/connecting again/g)).toHaveLength(2), { timeout: 10_000, interval: 50 })
    await vi.waitFor(
      async () => {
        await fetch(`${issuer()}/userinfo`)
        expect(lines().length).toBeGreaterThan(2)
      },
      { timeout: 15_000, interval: 200 },
    )
    running?.kill('SIGINT')
    expect((await following).status).toBe(0)
    expect(
      await api(`/accounts/${shop.cloudflare.accounts[0]?.id}/workers/scripts/authrim-local-op-token/tails`),
    ).toEqual([])
  })

  test('doctor passes each of more than twenty checks, and leaves nothing behind', { timeout: 60_000 }, async () => {
    const { checks } = await shop.json(['doctor'])
    expect(checks.filter(({ ok }: { ok: boolean }) => !ok)).toEqual([])
    const names = checks.map(({ name }: { name: string }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBeGreaterThan(20)
    expect(names).toEqual(
      expect.arrayContaining(['permission D1 Write', 'dns', 'tls', 'clock', 'code', 'login', 'usage']),
    )
    expect((await shop.json(['users', 'list'])).users).toHaveLength(1)
    expect((await shop.json(['clients', 'list'])).clients).toHaveLength(1)
  })

  test(
    'doctor says what is wrong and how to put it right, and --fix does the safe part',
    { timeout: 60_000 },
    async () => {
      const key = join(shop.project, '.authrim/local/operator.jwk')
      chmodSync(key, 0o644)
      const file = 'environments/local/op-token/wrangler.toml'
      const toml = shop.file(file)
      rmSync(join(shop.project, file))
      const zone = shop.cloudflare.zones[0]?.id
      const routes: { id: string; pattern: string }[] = await api(`/zones/${zone}/workers/routes`)
      await api(`/zones/${zone}/workers/routes/${routes.find(({ pattern }) => pattern.endsWith('/userinfo*'))?.id}`, {
        method: 'DELETE',
      })
      const wrong = async (args: string[], status: number) =>
        (await shop.json(args, status)).checks.filter(({ ok }: { ok: boolean }) => !ok)
      const found = await wrong(['doctor'], 1)
      expect(found.map(({ name }: { name: string }) => name)).toEqual(
        expect.arrayContaining([
          'operator key file',
          'project files',
          'routes',
          'userinfo refuses without a token',
          'login',
        ]),
      )
      for (const check of found) expect(check.fix).toEqual(expect.stringMatching(/\S/))
      expect(await wrong(['doctor', '--fix'], 0)).toEqual([])
      expect(statSync(key).mode & 0o777).toBe(0o600)
      expect(shop.file(file)).toBe(toml)
    },
  )

  test(
    'fault F7 doctor names each permission that the token lacks, and where to add it, whatever else it hides',
    { timeout: 60_000 },
    async () => {
      const { apiBase, edgeOrigin, token } = shop.cloudflare
      const file = addressFile({ HOME: shop.home })
      for (const { value, missing } of [weak, unproven]) {
        recordAddress(file, { apiBase, edgeOrigin, token: value, pid: process.pid })
        const { checks } = await shop.json(['doctor'], 1)
        const lacking = checks.filter(
          ({ name, ok }: { name: string; ok: boolean }) => name.startsWith('permission') && !ok,
        )
        expect(lacking.map(({ name, fix }: { name: string; fix: string }) => [name, fix])).toEqual(
          missing.map(([group, name]) => [
            `permission ${group}`,
            `Add ${name} at https://dash.cloudflare.com/profile/api-tokens`,
          ]),
        )
      }
      recordAddress(file, { apiBase, edgeOrigin, token, pid: process.pid })
    },
  )

  test('open prints the address where nobody looks', async () => {
    expect(await shop.json(['open', 'discovery'])).toEqual({ url: `${issuer()}/.well-known/openid-configuration` })
    expect((await shop.json(['open', 'sesame'], 2)).error.message).toContain('sesame')
  })
})

interface Machine {
  readonly client: TestClient
  readonly token: string
}

/** A client that acts for itself, with a token that it revoked. */
async function machineClient(): Promise<Machine> {
  const created = await shop.json(['clients', 'create', '--type', 'machine', '--name', 'Robot', '--scope', 'api.read'])
  const robot: TestClient = { ...created.client, secret: created.client.client_secret, redirectUri: '' }
  const response = await tokenRequest({ issuer: issuer() }, robot, { grant_type: 'client_credentials' })
  const { access_token: token }: Record<string, string> = await response.json()
  const it = { client: robot, token: token ?? '' }
  expect(await introspect(it)).toMatchObject({ active: true })
  await fetch(`${issuer()}/revoke`, {
    method: 'POST',
    headers: basic(robot),
    body: new URLSearchParams({ token: it.token }),
  })
  expect(await introspect(it)).toMatchObject({ active: false })
  return it
}

async function introspect({ client: robot, token }: Machine): Promise<unknown> {
  const request = { method: 'POST', headers: basic(robot), body: new URLSearchParams({ token }) }
  return (await fetch(`${issuer()}/introspect`, request)).json()
}

async function kids(): Promise<string[]> {
  return (await shop.json(['keys', 'list'])).keys.map(({ kid }: { kid: string }) => kid).toSorted()
}

describe('the rehearsal', () => {
  let before: Issued
  let ended: Issued
  let rotated: string | undefined
  let live: string | undefined
  let machine: Machine
  let keys: string[]
  let grant: KeptGrant
  let sub: unknown

  test('a backup is sealed, private, and opens with its passphrase only', { timeout: 60_000 }, async () => {
    ended = await signIn()
    await shop.json(['users', 'sign-out', person.email])
    before = await signIn()
    machine = await machineClient()
    keys = await kids()
    grant = await grantOf(shop, before.tokens['refresh_token'] ?? '')
    sub = claimsOf(before.tokens['id_token'] ?? '')['sub']
    rotated = before.tokens['refresh_token']
    const answer = await refresh(rotated)
    const refreshed: Record<string, string> = await answer.json()
    live = refreshed['refresh_token']
    shop.write('acme.xml', identityProviderMetadata({ entityId: 'https://acme.example/saml', name: 'Acme' }))
    await shop.json(['saml', 'idp', 'add', '--metadata', 'acme.xml', '--domain', 'acme.example'])
    const status = await shop.json(['status'])
    expect(status.saml.partners).toMatchObject([{ alias: 'acme', certificatesExpireAt: expect.any(String) }])
    const { backup } = await shop.json(['backup', 'idp.backup', '--with-keys', ...passphrase])
    expect(backup).toMatchObject({ clients: 2, users: 1, credentials: 1, consents: 1, samlPartners: 1 })
    const path = join(shop.project, 'idp.backup')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readFileSync(path).includes('ada')).toBe(false)
    shop.write('wrong.txt', 'another long passphrase')
    const wrong = await shop.json(['restore', 'idp.backup', '--passphrase-file', 'wrong.txt', '--confirm', 'local'], 1)
    expect(wrong.error.code).toBe('cannot_open')
    const { restore } = await shop.json(['restore', 'idp.backup', '--dry-run', ...passphrase])
    expect(restore).toMatchObject({ changed: false, users: 1, clients: 2, keys: 0 })
  })

  test(
    'fault F40 a restore revives no spent code, no rotated token and no ended session',
    { timeout: 120_000 },
    async () => {
      expect((await shop.authrim(['restore', 'idp.backup', ...passphrase, '--json', '--yes'])).status).toBe(2)
      const { restore } = await shop.json(['restore', 'idp.backup', '--with-keys', ...passphrase, '--confirm', 'local'])
      expect(restore).toMatchObject({ changed: true, users: 1, skippedUsers: 0 })
      await nothingComesBack()
      expect(claimsOf((await signInAgain()).tokens['id_token'] ?? '')['sub']).toBe(sub)
    },
  )

  test(
    'fault F1 destroy removes what is authrim’s and nothing else, killed after each call',
    { timeout: 120_000 },
    async () => {
      const foreign = await makeForeignThings(shop)
      const planned = (await shop.json(['destroy', '--dry-run'])).removal
      expect(planned.changed).toBe(false)
      expect((await shop.authrim(['destroy', '--yes'])).status).toBe(2)
      expect((await shop.json(['destroy', '--confirm', 'production'], 2)).error.message).toContain('production')
      const kinds: string[] = planned.steps.map(({ kind }: { kind: string }) => kind)
      const routes = kinds.filter((kind) => kind === 'route').length
      const others = kinds.filter((kind) => kind !== 'route' && kind !== 'files').length
      // Routes are many and alike; the rest is killed after each call.
      for (const removals of [1, routes - 1, ...Array<number>(others).fill(1)]) {
        expect(await destroyKilledAfter(removals)).toBe(null)
        expect((await everything(shop)).scripts).toEqual(expect.arrayContaining(foreign.scripts))
      }
      expect(await everything(shop)).toEqual(foreign)
      expect((await shop.json(['destroy', '--confirm', 'local'])).removal).toMatchObject({ changed: true, kept: [] })
      expect(existsSync(join(shop.project, 'environments/local/resources.json'))).toBe(false)
      expect(shop.file('authrim.json')).toContain(issuer())
    },
  )

  /** Kills a destroy when it has removed so many things; its status, null if it was killed. */
  async function destroyKilledAfter(removals: number): Promise<number | null> {
    shop.cloudflare.log.clear()
    const undo = shop.cloudflare.faults.add({ method: 'DELETE', from: removals + 1, fault: { type: 'hang' } })
    const removed = () => shop.cloudflare.log.entries.filter(({ method }) => method === 'DELETE').length
    const { status } = await shop.authrim(['destroy', '--confirm', 'local', '--yes', '--json'], {
      watch: (child) => {
        const timer = setInterval(() => {
          if (removed() >= removals) child.kill('SIGKILL')
          if (removed() >= removals || child.exitCode !== null) clearInterval(timer)
        }, 2)
      },
    })
    undo()
    return status
  }

  test(
    'fault F40 after destroy, init, deploy and restore the same person signs in to the same client',
    { timeout: 180_000 },
    async () => {
      await shop.deployed()
      expect((await redeem(before.code)).status).toBe(401)
      expect(await kids()).not.toEqual(keys)
      await shop.json(['restore', 'idp.backup', '--with-keys', ...passphrase, '--confirm', 'local'])
      expect(await kids()).toEqual(keys)
      // As if a copy of the ledger had come back, too: the family lives there, and the token is its newest.
      await putBackGrant(shop, client, grant)
      expect(await (await refresh(rotated)).json()).toMatchObject({ error: 'invalid_grant' })
      await nothingComesBack()
      expect(claimsOf((await signInAgain()).tokens['id_token'] ?? '')['sub']).toBe(sub)
      expect((await shop.json(['saml', 'idp', 'show', 'acme'])).partner.domains).toEqual(['acme.example'])
      expect((await shop.json(['status'])).drift).toEqual([])
    },
  )

  async function nothingComesBack(): Promise<void> {
    const refusals = await Promise.all([
      redeem(before.code),
      refresh(rotated),
      refresh(live),
      refresh(ended.tokens['refresh_token']),
    ])
    for (const refusal of refusals) expect(await refusal.json()).toMatchObject({ error: 'invalid_grant' })
    const userinfo = await fetch(`${issuer()}/userinfo`, {
      headers: { authorization: `Bearer ${before.tokens['access_token']}` },
    })
    expect(userinfo.status).toBe(401)
    for (const { agent } of [ended, before]) {
      const silent = await agent.get(authorizationPath(client, { prompt: 'none' }))
      expect(silent.headers.get('location')).toContain('error=login_required')
    }
    // Signed with a key that is there again, belonging to no grant, and revoked long ago.
    expect(await introspect(machine)).toMatchObject({ active: false })
  }
})
