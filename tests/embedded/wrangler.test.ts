import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { account, type EmbeddedAccount, startAccount, startWrangler, zone } from './account.ts'

const host = `
import { DurableObject, WorkerEntrypoint } from 'cloudflare:workers'
export class Counter extends DurableObject {
  async next() {
    const value = ((await this.ctx.storage.get('n')) ?? 0) + 1
    await this.ctx.storage.put('n', value)
    return value
  }
}
export class Lease extends WorkerEntrypoint {
  uses() { return this.ctx.props.uses }
}
export default { fetch: () => new Response('host') }`

const hostConfig = (tail: string) => `
name = "host"
main = "index.js"
compatibility_date = "2026-11-01"
workers_dev = false
preview_urls = false
routes = [{ pattern = "id.example.test", custom_domain = true }]
[[migrations]]
tag = "v1"
new_sqlite_classes = ["Counter"]
${tail}`

const user = (version: string) => `
import text from './hello.txt'
export default {
  async fetch(request, env) {
    console.log('asked', new URL(request.url).pathname)
    const count = await env.COUNTER.get(env.COUNTER.idFromName('one')).next()
    await env.KV.put('count', String(count))
    const { results } = await env.DB.prepare('SELECT name FROM people').all()
    return Response.json({
      version: '${version}', text: text.trim(), count, kept: await env.KV.get('count'), results,
      uses: await env.LEASE.uses(), mode: env.MODE, list: env.LIST, secret: env.SECRET, second: env.SECOND,
      limited: !(await env.RATE.limit({ key: 'k' })).success, id: env.VERSION.id, tag: env.VERSION.tag,
    })
  }
}`

const userConfig = (ids: { kv: string; d1: string }) => `
name = "user"
main = "index.js"
compatibility_date = "2026-11-01"
workers_dev = true
preview_urls = false
routes = [{ pattern = "id.example.test/user*", zone_name = "example.test" }]
[triggers]
crons = ["23 * * * *"]
[vars]
MODE = "test"
LIST = ["a"]
[[kv_namespaces]]
binding = "KV"
id = "${ids.kv}"
[[d1_databases]]
binding = "DB"
database_name = "people"
database_id = "${ids.d1}"
[[durable_objects.bindings]]
name = "COUNTER"
class_name = "Counter"
script_name = "host"
[[services]]
binding = "LEASE"
service = "host"
entrypoint = "Lease"
props = { uses = ["sign"] }
[[ratelimits]]
name = "RATE"
namespace_id = "1"
simple = { limit = 100, period = 60 }
[version_metadata]
binding = "VERSION"
[observability]
enabled = true`

// A run of wrangler takes a second when the machine is idle.
describe('the real wrangler', { timeout: 120_000 }, () => {
  let cloud: EmbeddedAccount
  const run = async (args: string, options?: Parameters<EmbeddedAccount['wrangler']>[1]) => {
    const { code, out, err } = await cloud.wrangler(args.split(' '), options)
    expect(`${code} ${code === 0 ? '' : `${out}${err}`}`, args).toBe('0 ')
    return out
  }
  const json = async (args: string, options?: Parameters<EmbeddedAccount['wrangler']>[1]) => {
    const out = await run(args, options)
    return JSON.parse(out.slice(out.search(/[[{]/)))
  }
  const ask = async (headers?: Record<string, string>) =>
    JSON.parse((await cloud.edge('http://id.example.test/user?x=1', headers)).text)

  beforeAll(async () => {
    cloud = await startAccount()
    cloud.write({ 'host/index.js': host, 'host/wrangler.toml': hostConfig('') })
  })
  afterAll(() => cloud.dispose())

  test('deploy of a new Worker with a migration and a custom domain; kv and d1 create', async () => {
    const [deployed] = await Promise.all([
      run('deploy', { cwd: 'host' }),
      run('kv namespace create cache', { cwd: 'host' }),
      run('d1 create people', { cwd: 'host' }),
    ])
    expect(deployed).toContain('id.example.test (custom domain)')
    expect((await cloud.edge('http://id.example.test/anything?a=1')).text).toBe('host')
    const { result } = await cloud.api('GET', `/zones/${zone}/dns_records?name=id.example.test`)
    expect(result).toMatchObject([{ type: 'AAAA', content: '100::', proxied: true, meta: { read_only: true } }])
  })

  test('d1 migrations apply and execute, by command and by file', async () => {
    const [kv, d1] = await Promise.all([
      cloud.api('GET', `/accounts/${account}/storage/kv/namespaces`),
      cloud.api('GET', `/accounts/${account}/d1/database?name=people`),
    ])
    const ids = { kv: kv.result[0].id, d1: d1.result[0].uuid }
    cloud.write({
      'user/index.js': user('one'),
      'user/hello.txt': 'hello\n',
      'user/wrangler.toml': userConfig(ids),
      'user/migrations/0001_people.sql': `CREATE TABLE people (name TEXT);
        CREATE TRIGGER t AFTER DELETE ON people BEGIN SELECT 1; SELECT 2; END;
        INSERT INTO people VALUES ('Ada; or not');`,
      'user/more.sql': `INSERT INTO people VALUES ('Bob');`,
    })
    await run('d1 migrations apply people --remote', { cwd: 'user' })
    const [listed] = await Promise.all([
      run('d1 migrations list people --remote', { cwd: 'user' }),
      run('d1 execute people --remote --yes --file more.sql', { cwd: 'user' }),
    ])
    expect(listed).toContain('No migrations to apply')
    cloud.write({
      'user/migrations/0002_bad.sql': `INSERT INTO people VALUES ('Eve'); INSERT INTO nowhere VALUES (1);`,
    })
    const args = [
      'd1',
      'execute',
      'people',
      '--remote',
      '--json',
      '--command',
      'SELECT name FROM people; SELECT 2 AS two',
    ]
    const [bad, executed] = await Promise.all([
      cloud.wrangler('d1 migrations apply people --remote'.split(' '), { cwd: 'user' }),
      cloud.wrangler(args, { cwd: 'user' }),
    ])
    expect(bad.code).toBe(1)
    expect(bad.out + bad.err).toContain('no such table: nowhere')
    expect(JSON.parse(executed.out)).toMatchObject([
      { success: true, results: [{ name: 'Ada; or not' }, { name: 'Bob' }] },
      { success: true, results: [{ two: 2 }] },
    ])
  })

  test('what wrangler uploaded is what runs, with every kind of binding', async () => {
    await run('deploy', { cwd: 'user' })
    const { result } = await cloud.api('GET', `/accounts/${account}/workers/scripts/user/deployments`)
    expect(await ask()).toEqual({
      version: 'one',
      text: 'hello',
      count: 1,
      kept: '1',
      results: [{ name: 'Ada; or not' }, { name: 'Bob' }],
      uses: ['sign'],
      mode: 'test',
      list: ['a'],
      limited: false,
      id: result.deployments[0].versions[0].version_id,
      tag: '',
    })
    expect((await cloud.edge('http://user.example.workers.dev/user')).status).toBe(200)
    const timed = await cloud.api('GET', `/accounts/${account}/workers/scripts/user/schedules`)
    expect(timed.result).toMatchObject({ schedules: [{ cron: '23 * * * *' }] })
  })

  test('secret put and bulk go out at once, and later uploads keep them', async () => {
    await run('secret put SECRET', { cwd: 'user', input: 'first' })
    await run('secret bulk', { cwd: 'user', input: '{"SECOND":"second"}' })
    expect(await ask()).toMatchObject({ secret: 'first', second: 'second' })
    cloud.write({ 'user/index.js': user('two') })
    await run('deploy --message release-2 --tag two', { cwd: 'user' })
    expect(await ask()).toMatchObject({ version: 'two', secret: 'first', second: 'second', tag: 'two', count: 4 })
    expect(await json('secret list --format json', { cwd: 'user' })).toEqual([
      { name: 'SECRET', type: 'secret_text' },
      { name: 'SECOND', type: 'secret_text' },
    ])
  })

  test('versions upload, deploy, list and secrets; deployments; rollback', async () => {
    cloud.write({ 'user/index.js': user('three') })
    await run('versions upload --message release-3 --tag three', { cwd: 'user' })
    expect(await ask()).toMatchObject({ version: 'two' })
    const refused = await cloud.wrangler(['secret', 'put', 'SECRET'], { cwd: 'user', input: 'x' })
    expect(refused.err + refused.out).toContain("the latest version of your Worker isn't currently deployed")
    await run('versions secret put SECRET --message rotated', { cwd: 'user', input: 'newer' })
    const versions = await json('versions list --json', { cwd: 'user' })
    const [two, , four] = versions.slice(-3)
    expect(
      versions.map(({ annotations }: { annotations: Record<string, string> }) => annotations['workers/message']),
    ).toEqual(expect.arrayContaining(['release-2', 'release-3', 'rotated']))
    await run(`versions deploy ${two.id}@90% ${four.id}@10% -y --message canary`, { cwd: 'user' })
    const override = { 'cloudflare-workers-version-overrides': `user="${four.id}"` }
    expect(await ask(override)).toMatchObject({ version: 'three', secret: 'newer', id: four.id })
    const status = await json('deployments status --json', { cwd: 'user' })
    expect(status).toMatchObject({
      annotations: { 'workers/message': 'canary' },
      versions: [
        { version_id: two.id, percentage: 90 },
        { version_id: four.id, percentage: 10 },
      ],
    })
    await run(`versions deploy ${four.id}@100% -y`, { cwd: 'user' })
    expect(await ask()).toMatchObject({ version: 'three', secret: 'newer' })
    await run(`rollback ${two.id} -y -m back`, { cwd: 'user' })
    expect(await ask()).toMatchObject({ version: 'two', secret: 'first', id: two.id })
    const [listed, viewed] = await Promise.all([
      json('deployments list --json', { cwd: 'user' }),
      json(`versions view ${two.id} --json`, { cwd: 'user' }),
    ])
    expect(listed.at(-1).annotations['workers/message']).toBe('back')
    expect(viewed).toMatchObject({ id: two.id, annotations: { 'workers/tag': 'two' } })
  })

  test('a later migration sends only its step; versions upload refuses it; a class in use cannot go', async () => {
    cloud.write({
      'host/wrangler.toml': hostConfig('[[migrations]]\ntag = "v2"\nnew_sqlite_classes = ["Second"]'),
      'host/index.js': `${host}\nexport class Second extends DurableObject {}`,
    })
    expect((await cloud.wrangler(['versions', 'upload'], { cwd: 'host' })).code).not.toBe(0)
    const before = (await ask()).count
    await run('deploy', { cwd: 'host' })
    expect((await ask()).count).toBe(before + 1)
    cloud.write({
      'host/wrangler.toml': hostConfig(
        '[[migrations]]\ntag = "v2"\nnew_sqlite_classes = ["Second"]\n[[migrations]]\ntag = "v3"\ndeleted_classes = ["Counter"]',
      ),
    })
    const removal = await cloud.wrangler(['deploy'], { cwd: 'host' })
    expect(removal.code).toBe(1)
    expect(removal.err).toContain("Worker 'user' is still bound to it")
  })

  test('code that does not start is refused with 10021 and the former goes on', async () => {
    cloud.write({ 'user/index.js': 'throw new Error("no start")\nexport default {}' })
    const { code, err } = await cloud.wrangler(['deploy'], { cwd: 'user' })
    expect(code).toBe(1)
    expect(err).toMatch(/no start[\s\S]*10021/)
    expect(await ask()).toMatchObject({ version: 'two' })
  })

  test('tail shows requests as they are served, and delete removes Worker, routes and domain', async () => {
    const tail = startWrangler(['tail', 'user', '--format', 'json'], {
      cwd: cloud.folder,
      env: {
        PATH: process.env['PATH'],
        CI: '1',
        WRANGLER_SEND_METRICS: 'false',
        HOME: cloud.folder,
        CLOUDFLARE_API_BASE_URL: cloud.cloudflare.apiBase,
        CLOUDFLARE_API_TOKEN: cloud.cloudflare.token,
        CLOUDFLARE_ACCOUNT_ID: account,
      },
    })
    const tails = () => cloud.api('GET', `/accounts/${account}/workers/scripts/user/tails`)
    await expect.poll(async () => (await tails()).result.length, { timeout: 10_000 }).toBe(1)
    await expect.poll(async () => ((await ask()).version, tail.output.out), { timeout: 10_000 }).toContain('asked')
    const event = JSON.parse(/^\{[\s\S]*?^\}/m.exec(tail.output.out)?.[0] ?? '')
    expect(event).toMatchObject({
      outcome: 'ok',
      scriptName: 'user',
      event: { request: { method: 'GET' }, response: { status: 200 } },
    })
    tail.kill('SIGINT')
    await tail.ended
    expect((await tails()).result).toEqual([])

    await run('delete --name user --force', { cwd: 'user' })
    expect((await cloud.edge('http://id.example.test/user')).text).toBe('host')
    await Promise.all([run('delete --name host', { cwd: 'host' }), run('d1 delete people -y', { cwd: 'host' })])
    expect((await cloud.edge('http://id.example.test/user')).status).toBe(421)
    expect((await cloud.api('GET', `/zones/${zone}/dns_records?name=id.example.test`)).result).toEqual([])
  })

  test('every request that wrangler made was understood', () => {
    expect(cloud.cloudflare.log.entries.filter(({ status }) => status >= 500)).toEqual([])
    expect(cloud.messages.filter((message) => message.includes('not part of'))).toEqual([])
  })
})
