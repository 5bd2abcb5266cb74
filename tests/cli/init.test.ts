import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { addressFile, recordAddress } from '../../cli/embedded-cloudflare/address-file.ts'
import { openWorkshop, type Workshop } from './workshop.ts'

const accounts = [
  { name: 'Example', id: '0123456789abcdef0123456789abcdef' },
  { name: 'Other', id: 'fedcba9876543210fedcba9876543210' },
]
const weak = {
  value: 'weak-token',
  permissions: ['Workers Scripts Write', 'Zone Read', 'Account Settings Read', 'API Tokens Read'],
}

/** Reads everything, may not look at itself, and turns out unable to make a database. */
const promising = {
  value: 'promising-token',
  permissions: [
    'Workers KV Storage Write',
    'D1 Read',
    'Workers Scripts Write',
    'Workers Routes Write',
    'DNS Write',
    'Zone Read',
    'Account Settings Read',
    'Account Analytics Read',
    'Workers Tail Read',
  ],
}

let shop: Workshop
beforeAll(async () => {
  shop = await openWorkshop({
    accounts,
    zones: [
      { name: 'localhost' },
      {
        name: 'example.com',
        records: [
          { type: 'A', name: 'www.example.com', content: '192.0.2.1', proxied: true },
          { type: 'A', name: 'mail.example.com', content: '192.0.2.2' },
        ],
      },
    ],
    tokens: [weak, promising],
  })
}, 120_000)
afterAll(() => shop?.[Symbol.asyncDispose]())
afterEach(() => shop.cloudflare.faults.clear())

const env = () => ({ AUTHRIM_CLOUDFLARE_API: shop.cloudflare.apiBase, CLOUDFLARE_API_TOKEN: 'the-operators-token' })
const hosted = ['--account', 'Example', '--zone', 'example.com', '--yes', '--json']
const init = (args: readonly string[], options = {}) => shop.authrim(['init', ...args], { env: env(), ...options })
const folder = (name: string) => join(shop.home, name)

async function titles(): Promise<string[]> {
  const { apiBase, token } = shop.cloudflare
  const get = async (path: string) => {
    const response = await fetch(`${apiBase}/accounts/${accounts[0]?.id}/${path}`, {
      headers: { authorization: `Bearer ${token}` },
    })
    const { result }: { result: { title?: string; name?: string }[] } = await response.json()
    return result
  }
  const found = [...(await get('storage/kv/namespaces?per_page=100')), ...(await get('d1/database?per_page=100'))]
  return found.map(({ title, name }) => title ?? name ?? '')
}

describe('init', () => {
  test('needs an answer for what it cannot know, and names the option: status 2', { timeout: 60_000 }, async () => {
    const result = await init([folder('asked'), '--zone', 'example.com', '--json'])
    expect([result.status, JSON.parse(result.out).error.message]).toEqual([2, expect.stringContaining('--name')])
    const named = await init([folder('asked'), '--name', 'idp', '--zone', 'example.com', '--json'])
    expect(JSON.parse(named.out).error.message).toContain('--account')
    expect(await titles()).toEqual([])
  })

  test(
    'fault F1 fault F2 killed after any write, or with the answer lost, it is completed and makes nothing twice',
    { timeout: 120_000 },
    async () => {
      const args = [folder('first'), ...hosted]
      for (let write = 1; write <= 7; write += 2) {
        shop.cloudflare.log.clear()
        const watch = (child: { kill(signal: 'SIGKILL'): boolean }) => {
          const timer = setInterval(() => {
            if (shop.cloudflare.log.writes.length === 0) return
            clearInterval(timer)
            child.kill('SIGKILL')
          }, 1)
        }
        expect((await init(args, { watch })).status).toBe(null)
        shop.cloudflare.faults.add({ method: 'POST', path: /kv|d1/, times: 1, fault: { type: 'commit-then-close' } })
      }
      const done = await init(args)
      expect([done.status, done.out]).toEqual([0, expect.any(String)])
      const all = await titles()
      expect(all).toHaveLength(7)
      expect(new Set(all).size).toBe(7)
      shop.cloudflare.log.clear()
      expect(JSON.parse((await init(args)).out).initialisation.changed).toBe(false)
      expect(shop.cloudflare.log.writes).toEqual([])
    },
  )

  test('writes a project that can be committed, and the key for this user alone', { timeout: 60_000 }, () => {
    const root = folder('first')
    const project = JSON.parse(readFileSync(join(root, 'authrim.json'), 'utf8'))
    expect(project.environments.production).toEqual({
      issuer: 'https://id.example.com',
      accountId: accounts[0]?.id,
      zone: 'example.com',
    })
    expect(statSync(join(root, '.authrim/production/operator.jwk')).mode & 0o777).toBe(0o600)
    const toml = readFileSync(join(root, 'environments/production/op-token/wrangler.toml'), 'utf8')
    expect(toml).toContain('zone_name = "example.com"')
    const { d } = JSON.parse(readFileSync(join(root, '.authrim/production/operator.jwk'), 'utf8'))
    expect(readFileSync(join(root, 'environments/production/resources.json'), 'utf8')).not.toContain(d)
  })

  test('--env adds an environment that shares no names with the first', { timeout: 60_000 }, async () => {
    const args = ['--env', 'staging', '--issuer', 'https://staging.example.com', ...hosted]
    const result = await init(
      args.filter((arg) => arg !== '--json'),
      { cwd: folder('first') },
    )
    expect([result.status, result.out]).toEqual([0, expect.stringContaining('npx authrim deploy --env staging')])
    const project = JSON.parse(readFileSync(join(folder('first'), 'authrim.json'), 'utf8'))
    expect(Object.keys(project.environments)).toEqual(['production', 'staging'])
    expect(project.defaultEnvironment).toBe('production')
    const all = await titles()
    expect(all).toHaveLength(14)
    expect(new Set(all).size).toBe(14)
  })

  test('fault F16 rebuilds resources.json from the account', { timeout: 60_000 }, async () => {
    const path = join(folder('first'), 'environments/production/resources.json')
    const before = readFileSync(path, 'utf8')
    rmSync(path)
    shop.cloudflare.log.clear()
    expect((await init(hosted, { cwd: folder('first') })).status).toBe(0)
    expect(readFileSync(path, 'utf8')).toBe(before)
    expect(shop.cloudflare.log.writes).toEqual([])
  })

  test('keeps the record of a host that serves something, and uses routes alone', { timeout: 60_000 }, async () => {
    const args = ['--env', 'shared', '--issuer', 'https://www.example.com', ...hosted]
    expect((await init(args, { cwd: folder('first') })).status).toBe(0)
    const toml = readFileSync(join(folder('first'), 'environments/shared/op-discovery/wrangler.toml'), 'utf8')
    expect(toml).toContain('www.example.com/.well-known/jwks.json*')
    expect(toml).not.toContain('custom_domain')
    const mail = await init(['--env', 'mail', '--issuer', 'https://mail.example.com', ...hosted], {
      cwd: folder('first'),
    })
    expect([mail.status, JSON.parse(mail.out).error.code]).toEqual([1, 'host_taken'])
  })
})

describe('init refuses', () => {
  test('attack K1 names that would reach a path', { timeout: 60_000 }, async () => {
    for (const args of [
      ['--env', '../up', ...hosted],
      ['--name', '../up', ...hosted],
    ]) {
      expect((await init([folder('bad'), ...args])).status).toBe(2)
    }
  })

  test('attack K2 a resources.json that was tampered with', { timeout: 60_000 }, async () => {
    const path = join(folder('first'), 'environments/staging/resources.json')
    const good = readFileSync(path, 'utf8')
    const deploy = (text: string) => {
      writeFileSync(path, text)
      return shop.authrim(['deploy', '--env', 'staging', '--dry-run', '--json'], { cwd: folder('first'), env: env() })
    }
    const traversal = await deploy(good.replace('authrim-staging"', '../../x"'))
    expect([traversal.status, JSON.parse(traversal.out).error.message]).toEqual([
      2,
      expect.stringContaining('database.name'),
    ])
    const account = await deploy(good.replace(accounts[0]?.id ?? '', accounts[1]?.id ?? ''))
    expect(account.status).toBe(2)
    const production = readFileSync(join(folder('first'), 'environments/production/resources.json'), 'utf8')
    const foreign = await deploy(production)
    expect([foreign.status, JSON.parse(foreign.out).error.code]).toEqual([1, 'drift'])
    writeFileSync(path, good)
  })

  test('attack K5 a folder that is a link out of the project', { timeout: 60_000 }, async () => {
    const root = folder('linked')
    mkdirSync(join(shop.home, 'outside'))
    mkdirSync(root)
    symlinkSync(join(shop.home, 'outside'), join(root, 'environments'))
    const result = await init([root, '--env', 'linked', '--issuer', 'https://linked.example.com', ...hosted])
    expect([result.status, result.out]).toEqual([4, expect.stringContaining('leads out of the project')])
  })

  test(
    'attack K6 an API that is not on this machine, and gives no token to one that is',
    { timeout: 60_000 },
    async () => {
      const result = await shop.authrim(['init', folder('away'), ...hosted], {
        env: { AUTHRIM_CLOUDFLARE_API: 'https://evil.example/client/v4' },
      })
      expect(result.status).toBe(2)
      expect(shop.cloudflare.log.entries.some(({ status }) => status === 401)).toBe(false)
    },
  )

  test('fault F7 a token that lacks a permission, before anything is made: status 6', { timeout: 60_000 }, async () => {
    const { apiBase, edgeOrigin, token } = shop.cloudflare
    const file = addressFile({ HOME: shop.home })
    recordAddress(file, { apiBase, edgeOrigin, token: weak.value, pid: process.pid })
    shop.cloudflare.log.clear()
    const result = await init([folder('weak'), ...hosted])
    recordAddress(file, { apiBase, edgeOrigin, token, pid: process.pid })
    const { error } = JSON.parse(result.out)
    expect([result.status, error.details.missing]).toEqual([
      6,
      expect.arrayContaining(['Account · D1 · Edit', 'Zone · DNS · Edit']),
    ])
    expect(shop.cloudflare.log.writes).toEqual([])
  })

  test(
    'fault F7 fault F8 a permission that turns out to be missing: it is named, and the rerun goes on from there',
    { timeout: 60_000 },
    async () => {
      const { apiBase, edgeOrigin, token } = shop.cloudflare
      const file = addressFile({ HOME: shop.home })
      const before = await titles()
      const args = [folder('later'), '--env', 'later', '--issuer', 'https://later.example.com', ...hosted]
      recordAddress(file, { apiBase, edgeOrigin, token: promising.value, pid: process.pid })
      const result = await init(args)
      recordAddress(file, { apiBase, edgeOrigin, token, pid: process.pid })
      const { error } = JSON.parse(result.out)
      expect([result.status, error]).toEqual([
        4,
        expect.objectContaining({
          code: 'not_authorised',
          message: expect.stringMatching(/10000[^]*Done: [^]*create-namespace[^]*Not done: create-database/),
          hint: expect.stringMatching(/lacks the permission Account · D1 · Edit[^]*authrim init/),
        }),
      ])
      expect(result.err).toContain('cannot be proven')
      const made = (await titles()).filter((title) => !before.includes(title))
      expect(made).toHaveLength(6)
      shop.cloudflare.log.clear()
      expect((await init(args)).status).toBe(0)
      expect(shop.cloudflare.log.writes.filter(({ path }) => path.endsWith('/namespaces'))).toEqual([])
      expect(new Set(await titles()).size).toBe(before.length + 7)
    },
  )

  test('without a local Cloudflare, and says how to start one', { timeout: 60_000 }, async () => {
    const result = await shop.authrim(['init', folder('none'), '--local', '--yes', '--json'], {
      env: { HOME: folder('nobody') },
    })
    expect([result.status, JSON.parse(result.out).error.hint]).toEqual([1, expect.stringContaining('authrim local')])
  })
})
