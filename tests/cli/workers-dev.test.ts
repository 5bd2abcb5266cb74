import { afterAll, beforeAll, expect, test } from 'vitest'
import { publishedWorkers, workerNames } from '../../shared/topology.ts'
import { editBundle } from './package-copy.ts'
import { type Document, openWorkshop, type Workshop } from './workshop.ts'

const issuer = 'https://authrim-op-router.example.workers.dev'

let shop: Workshop
beforeAll(async () => {
  shop = await openWorkshop({ accounts: [{ name: 'Example', subdomain: 'example' }], zones: [] })
}, 120_000)
afterAll(() => shop?.[Symbol.asyncDispose]())

async function authrim(args: readonly string[], status = 0): Promise<Document> {
  const env = { AUTHRIM_CLOUDFLARE_API: shop.cloudflare.apiBase }
  const result = await shop.authrim([...args, '--json', '--yes'], { env })
  if (result.status !== status)
    throw new Error(`authrim ${args.join(' ')}: ${result.status}\n${result.out}${result.err}`)
  return JSON.parse(result.out)
}

const checksOf = (document: Document, worker: string) =>
  document.deployment.workers.find((one: Document) => one.worker === worker).checks

test('without a zone, init takes the account’s address at workers.dev', { timeout: 60_000 }, async () => {
  const { initialisation } = await authrim(['init', '--name', 'idp'])
  expect(initialisation).toMatchObject({ issuer, zone: null, changed: true })
  expect(JSON.parse(shop.file('environments/production/resources.json'))).toMatchObject({ host: 'workers-dev' })
  expect(JSON.parse(shop.file('authrim.json')).environments.production).not.toHaveProperty('zone')
  expect(shop.file('environments/production/op-router/wrangler.toml')).toContain('workers_dev = true')
  expect(shop.file('environments/production/op-token/wrangler.toml')).not.toContain('routes')
  expect(
    (await authrim(['init', '--env', 'other', '--issuer', 'https://id.other.workers.dev'], 2)).error.message,
  ).toContain('not an address of this account')
})

test('deploy brings the router up last, and then asks everything through it', { timeout: 120_000 }, async () => {
  const document = await authrim(['deploy'])
  expect(document.deployment.steps.at(-1)).toMatchObject({ kind: 'stage', target: 'op-router', status: 'done' })
  expect(document.deployment.workers).toHaveLength(publishedWorkers.length)
  for (const worker of workerNames) expect(checksOf(document, worker)).toEqual([])
  const names = checksOf(document, 'op-router').map(({ name }: Document) => name)
  expect(names).toEqual(expect.arrayContaining(['health', 'discovery', 'token refuses without a grant', 'code flow']))
  shop.cloudflare.log.clear()
  expect((await authrim(['deploy'])).deployment.changed).toBe(false)
  expect(shop.cloudflare.log.writes).toEqual([])
})

test(
  'a new version is reached through the router before it has traffic, and a bad one refused',
  { timeout: 120_000 },
  async () => {
    shop.package.change('op-userinfo', (code) => `${code}\n;globalThis.next = 1`)
    const good = checksOf(await authrim(['deploy']), 'op-userinfo')
    expect(good).toEqual(
      expect.arrayContaining([
        { name: 'health', ok: true },
        { name: 'code flow', ok: true },
      ]),
    )
    shop.package.change('op-token', (code) => code.replaceAll('token_type:"Bearer"', 'token_type:(()=>{throw 1})()'))
    editBundle('op-router', (code) => `${code}\n;globalThis.next = 1`, shop.package.root)
    const { error } = await authrim(['deploy'], 5)
    expect(error.message).toContain('op-token: code flow: /token answers 500')
    shop.package.restore()
  },
)

test('status, doctor and destroy know that there is no zone', { timeout: 60_000 }, async () => {
  const status = await authrim(['status'])
  expect(status.workers.map(({ worker }: Document) => worker)).toEqual(publishedWorkers)
  // A router that was touched and refused is other code than what serves.
  const { checks } = await authrim(['doctor'], 1)
  const named = (name: string) => checks.find((check: Document) => check.name === name)
  expect(named('host')).toMatchObject({ ok: true })
  expect(named('zone')).toMatchObject({ ok: true })
  expect(checks.map(({ name }: Document) => name)).not.toContain('permission DNS Write')
  const { removal } = await authrim(['destroy', '--confirm', 'production'])
  expect(removal.steps.map(({ kind }: Document) => kind)).not.toContain('route')
  expect(removal.steps.every((step: Document) => step.status === 'done')).toBe(true)
  expect(removal.steps[0]).toMatchObject({ kind: 'worker', target: 'op-router' })
})
