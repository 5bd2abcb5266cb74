import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type LocalCloudflare, startCloudflare } from './cloudflare.ts'
import { freePort } from './listener.ts'
import type { WorkerLog } from './log.ts'
import type { LocalWorker } from './worker.ts'

const base = { compatibilityDate: '2026-11-01', compatibilityFlags: [], bindings: {}, objects: [], entrypoints: [] }

const host: LocalWorker = {
  ...base,
  name: 'host',
  script: `
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
    export default { fetch: () => new Response('host') }`,
  objects: ['Counter'],
  entrypoints: ['Lease'],
}

const user = (greeting: string): LocalWorker => ({
  ...base,
  name: 'user',
  script: `
    export default {
      async fetch(request, env) {
        console.log(JSON.stringify({ path: new URL(request.url).pathname, greeting: '${greeting}' }))
        const count = await env.COUNTER.get(env.COUNTER.idFromName('one')).next()
        const { results } = await env.DB.prepare('SELECT name FROM people').all()
        return Response.json({
          greeting: '${greeting}', count, results,
          uses: await env.LEASE.uses(), mode: env.MODE, address: request.headers.get('cf-connecting-ip'),
          limited: !(await env.RATE.limit({ key: 'k' })).success, version: typeof env.VERSION.id,
        })
      }
    }`,
  bindings: {
    MODE: { type: 'text', value: 'test' },
    DB: { type: 'd1', id: 'people' },
    COUNTER: { type: 'durable-object', worker: 'host', className: 'Counter' },
    LEASE: { type: 'worker', worker: 'host', entrypoint: 'Lease', props: { uses: ['verify'] } },
    RATE: { type: 'rate-limit', namespace: '1', limit: 100, period: 60 },
    VERSION: { type: 'version-metadata' },
  },
})

describe('the embedded Cloudflare', () => {
  const folder = mkdtempSync(join(tmpdir(), 'authrim-cloudflare-'))
  const logs: WorkerLog[] = []
  let cloudflare: LocalCloudflare
  let port: number

  const start = async () =>
    startCloudflare({
      workers: [host, user('hello')],
      routes: [
        { pattern: 'id.test/*', worker: 'host' },
        { pattern: 'id.test/user*', worker: 'user' },
        { pattern: 'id.test/exact', worker: 'user' },
      ],
      listeners: [{ host: '127.0.0.1', port }],
      persistence: join(folder, 'data'),
      migrations: { databaseId: 'people', folder: join(folder, 'migrations') },
      onLog: (log) => logs.push(log),
    })

  const get = (path: string, headers: Record<string, string> = {}) =>
    new Promise<{ status: number; text: string }>((resolve, reject) => {
      request({ host: '127.0.0.1', port, path, headers: { host: `id.test:${port}`, ...headers } }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
      })
        .on('error', reject)
        .end()
    })
  const json = async (path: string, headers: Record<string, string> = {}) => JSON.parse((await get(path, headers)).text)

  beforeAll(async () => {
    mkdirSync(join(folder, 'migrations'))
    writeFileSync(join(folder, 'migrations/0002_rows.sql'), `INSERT INTO people VALUES ('Ada; or not');`)
    writeFileSync(
      join(folder, 'migrations/0001_people.sql'),
      `CREATE TABLE people (name TEXT);
       CREATE TRIGGER t AFTER DELETE ON people BEGIN SELECT 1; SELECT 2; END;`,
    )
    port = await freePort()
    cloudflare = await start()
  })

  afterAll(async () => {
    await cloudflare.dispose()
    rmSync(folder, { recursive: true })
  })

  test('a request reaches the Worker of its route, with every kind of binding', async () => {
    expect(await json('/user?x=1')).toEqual({
      greeting: 'hello',
      count: 1,
      results: [{ name: 'Ada; or not' }],
      uses: ['verify'],
      mode: 'test',
      address: '127.0.0.1',
      limited: false,
      version: 'string',
    })
    expect((await get('/other')).text).toBe('host')
  })

  test('a route without a trailing * misses a request with a query, as on Cloudflare', async () => {
    expect((await json('/exact')).greeting).toBe('hello')
    expect((await get('/exact?a=1')).text).toBe('host')
  })

  test('an address that the caller gives is kept', async () => {
    expect((await json('/user', { 'cf-connecting-ip': '192.0.2.7' })).address).toBe('192.0.2.7')
  })

  test('another host name is refused', async () => {
    expect((await get('/user', { host: `127.0.0.1:${port}` })).status).toBe(421)
    expect((await get('/user', { host: 'id.test.attacker.example' })).status).toBe(421)
  })

  test('what Workers log arrives with its members', async () => {
    await get('/user/log')
    await expect.poll(() => logs.find(({ fields }) => fields?.['path'] === '/user/log')?.level).toBe('log')
  })

  test('other code is served within a second, and data stays', async () => {
    const before = (await json('/user')).count
    const started = performance.now()
    await cloudflare.reload([host, user('salut')])
    expect(await json('/user')).toMatchObject({ greeting: 'salut', count: before + 1 })
    expect(performance.now() - started).toBeLessThan(2000)
  })

  test('code that does not start is refused and the former code goes on', async () => {
    await expect(cloudflare.reload([host, { ...user('x'), script: 'throw new Error("no")' }])).rejects.toThrow()
    expect((await json('/user')).greeting).toBe('salut')
  })

  test('data outlives the process, and migrations are not applied twice', async () => {
    const before = (await json('/user')).count
    expect(cloudflare.migrated).toEqual(['0001_people.sql', '0002_rows.sql'])
    await cloudflare.dispose()
    cloudflare = await start()
    expect(cloudflare.migrated).toEqual([])
    expect((await json('/user')).count).toBe(before + 1)
  })
})
