import { Cloudflare } from 'cloudflare'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { account, type EmbeddedAccount, startAccount, upload, zone } from './account.ts'

const at = { account_id: account }

describe('the real SDK', () => {
  let cloud: EmbeddedAccount
  let sdk: Cloudflare

  beforeAll(async () => {
    cloud = await startAccount()
    sdk = new Cloudflare({ apiToken: cloud.cloudflare.token, baseURL: cloud.cloudflare.apiBase, maxRetries: 0 })
    await cloud.put('one', 'export default { fetch: () => new Response("1") }')
  })
  afterAll(() => cloud.dispose())

  const all = async <T>(list: AsyncIterable<T>): Promise<T[]> => {
    const items: T[] = []
    for await (const item of list) items.push(item)
    return items
  }

  test('token, accounts and zones', async () => {
    expect(await sdk.user.tokens.verify()).toMatchObject({ status: 'active' })
    expect(await all(sdk.accounts.list())).toMatchObject([{ id: account, name: 'Example' }, { name: 'Other' }])
    expect(await all(sdk.zones.list({ name: 'example.test' }))).toMatchObject([{ id: zone, account: { id: account } }])
    expect(await sdk.zones.get({ zone_id: zone })).toMatchObject({ name: 'example.test', status: 'active' })
  })

  test('DNS records', async () => {
    const made = await sdk.dns.records.create({
      zone_id: zone,
      type: 'AAAA',
      name: 'login',
      content: '100::',
      proxied: true,
      ttl: 1,
    })
    expect(made.name).toBe('login.example.test')
    const found = await all(sdk.dns.records.list({ zone_id: zone, name: { exact: 'login.example.test' } }))
    expect(found).toMatchObject([{ id: made.id, proxied: true }])
    const edited = await sdk.dns.records.edit(made.id, {
      zone_id: zone,
      type: 'AAAA',
      name: 'login.example.test',
      ttl: 1,
      comment: 'ours',
    })
    expect(edited).toMatchObject({ content: '100::', proxied: true, comment: 'ours' })
    await sdk.dns.records.delete(made.id, { zone_id: zone })
    await expect(sdk.dns.records.get(made.id, { zone_id: zone })).rejects.toThrow(Cloudflare.NotFoundError)
  })

  test('KV namespaces, values, keys and bulk', async () => {
    const made = await sdk.kv.namespaces.create({ ...at, title: 'cache' })
    const twice = sdk.kv.namespaces.create({ ...at, title: 'cache' })
    await expect(twice).rejects.toMatchObject({ errors: [{ code: 10014 }] })
    const namespace = { ...at, namespace_id: made.id }
    await sdk.kv.namespaces.values.update('a/b c', { ...namespace, value: 'first', metadata: '{"m":1}' })
    await sdk.kv.namespaces.bulkUpdate(made.id, {
      ...at,
      body: [
        { key: 'x', value: 'ex' },
        { key: 'y', value: Buffer.from('why').toString('base64'), base64: true },
      ],
    })
    expect(await (await sdk.kv.namespaces.values.get('a/b c', namespace)).text()).toBe('first')
    expect(await all(sdk.kv.namespaces.keys.list(made.id, at))).toMatchObject([
      { name: 'a/b c', metadata: { m: 1 } },
      { name: 'x' },
      { name: 'y' },
    ])
    expect(await sdk.kv.namespaces.bulkGet(made.id, { ...at, keys: ['x', 'y', 'z'] })).toEqual({
      values: { x: 'ex', y: 'why', z: null },
    })
    await sdk.kv.namespaces.values.delete('x', namespace)
    await expect(sdk.kv.namespaces.values.get('x', namespace)).rejects.toThrow(Cloudflare.NotFoundError)
    expect(await all(sdk.kv.namespaces.list(at))).toMatchObject([{ id: made.id, title: 'cache' }])
    await sdk.kv.namespaces.delete(made.id, at)
    await expect(sdk.kv.namespaces.get(made.id, at)).rejects.toMatchObject({ errors: [{ code: 10013 }] })
  })

  test('D1', async () => {
    const made = await sdk.d1.database.create({ ...at, name: 'people' })
    const uuid = made.uuid ?? ''
    await sdk.d1.database.query(uuid, { ...at, sql: 'CREATE TABLE p (n TEXT); INSERT INTO p VALUES (1)' })
    const rows = await all(sdk.d1.database.query(uuid, { ...at, sql: 'SELECT n FROM p WHERE n = ?', params: ['1'] }))
    expect(rows).toMatchObject([{ success: true, results: [{ n: '1' }] }])
    const failed = all(sdk.d1.database.query(uuid, { ...at, sql: 'INSERT INTO p VALUES (2); SELECT * FROM q' }))
    await expect(failed).rejects.toMatchObject({ status: 400, errors: [{ code: 7500 }] })
    const [count] = await all(sdk.d1.database.query(uuid, { ...at, sql: 'SELECT count(*) AS n FROM p' }))
    expect(count?.results).toEqual([{ n: 1 }])
    const raw = await all(sdk.d1.database.raw(uuid, { ...at, sql: 'SELECT n FROM p' }))
    expect(raw[0]?.results).toEqual({ columns: ['n'], rows: [['1']] })
    expect(await all(sdk.d1.database.list({ ...at, name: 'people' }))).toMatchObject([{ uuid }])
    await sdk.d1.database.delete(uuid, at)
    await expect(sdk.d1.database.get(uuid, at)).rejects.toMatchObject({ errors: [{ code: 7404 }] })
  })

  test('upload by FormData, versions that page to an end, deployments, secrets, settings', async () => {
    const form = upload('export default { fetch: () => new Response("2") }')
    const posted = await sdk.post<{ result: { id: string } }>(`/accounts/${account}/workers/scripts/one/versions`, {
      body: form,
    })
    for (let index = 0; index < 12; index++) {
      await cloud.api('PATCH', `/accounts/${account}/workers/workers/one/versions/latest`, { env: {} })
    }
    const versions = await all(sdk.workers.scripts.versions.list('one', at))
    expect(versions).toHaveLength(14)
    expect(versions.at(-2)?.id).toBe(posted.result.id)
    await sdk.workers.scripts.deployments.create('one', {
      ...at,
      strategy: 'percentage',
      versions: [{ version_id: versions[0]?.id ?? '', percentage: 100 }],
      annotations: { 'workers/message': 'by the SDK' },
    })
    await sdk.workers.scripts.secrets.update('one', { ...at, name: 'S', text: 'hidden', type: 'secret_text' })
    expect(await all(sdk.workers.scripts.secrets.list('one', at))).toEqual([{ name: 'S', type: 'secret_text' }])
    const settings = await sdk.workers.scripts.scriptAndVersionSettings.get('one', at)
    expect(settings.bindings).toEqual([{ name: 'S', type: 'secret_text' }])
    const { result } = await cloud.api('GET', `/accounts/${account}/workers/scripts/one/deployments`)
    expect(result.deployments[1].annotations['workers/message']).toBe('by the SDK')
    expect(await all(sdk.workers.scripts.list(at))).toMatchObject([{ id: 'one', handlers: ['fetch'] }])
    expect(await sdk.workers.scripts.settings.get('one', at)).toMatchObject({ logpush: false })
  })

  test('schedules, which run the version that serves', async () => {
    const code = `export default {
      fetch: (request, env) => env.KV.get('ran').then((ran) => new Response(ran)),
      scheduled: (event, env, ctx) => ctx.waitUntil(env.KV.put('ran', event.cron)),
    }`
    const { id } = await sdk.kv.namespaces.create({ ...at, title: 'runs' })
    await cloud.put('timed', code, { bindings: [{ type: 'kv_namespace', name: 'KV', namespace_id: id }] })
    expect(await sdk.workers.scripts.schedules.get('timed', at)).toMatchObject({ schedules: [] })
    const set = await sdk.workers.scripts.schedules.update('timed', { ...at, body: [{ cron: '*/30 * * * *' }] })
    expect(set).toMatchObject({ schedules: [{ cron: '*/30 * * * *', created_on: expect.any(String) }] })
    await cloud.cloudflare.runScheduled('timed', '*/30 * * * *')
    expect(await (await sdk.kv.namespaces.values.get('ran', { ...at, namespace_id: id })).text()).toBe('*/30 * * * *')
    const wrong = sdk.workers.scripts.schedules.update('timed', { ...at, body: [{ cron: 'at noon' }] })
    await expect(wrong).rejects.toMatchObject({ errors: [{ code: 10100 }] })
    expect(await sdk.workers.scripts.schedules.update('timed', { ...at, body: [] })).toEqual({ schedules: [] })
  })

  test('routes, custom domains, workers.dev', async () => {
    const route = await sdk.workers.routes.create({ zone_id: zone, pattern: 'app.example.test/one*', script: 'one' })
    expect(await all(sdk.workers.routes.list({ zone_id: zone }))).toEqual([route])
    expect((await cloud.edge('http://app.example.test/one?q=1')).text).toBe('2')
    await sdk.workers.routes.delete(route.id, { zone_id: zone })
    expect((await cloud.edge('http://app.example.test/one?q=1')).status).toBe(522)

    const domain = await sdk.workers.domains.update({
      ...at,
      hostname: 'id.example.test',
      service: 'one',
      zone_id: zone,
    })
    expect(await all(sdk.workers.domains.list({ ...at, hostname: 'id.example.test' }))).toEqual([domain])
    expect((await cloud.edge('http://id.example.test/')).text).toBe('2')
    await sdk.workers.domains.delete(domain.id ?? '', at)
    expect((await cloud.edge('http://id.example.test/')).status).toBe(421)

    expect(await sdk.workers.subdomains.get(at)).toEqual({ subdomain: 'example' })
    expect((await cloud.edge('http://one.example.workers.dev/')).status).toBe(404)
    await sdk.workers.scripts.subdomain.create('one', { ...at, enabled: true })
    expect((await cloud.edge('http://one.example.workers.dev/')).text).toBe('2')
  })

  test('Durable Object namespaces and analytics of what was really served', async () => {
    const code = `import { DurableObject } from 'cloudflare:workers'
      export class Room extends DurableObject {}
      export default { fetch(request) { if (request.url.endsWith('boom')) throw new Error('boom'); return new Response() } }`
    await cloud.put('rooms', code, { migrations: { new_tag: 'v1', steps: [{ new_sqlite_classes: ['Room'] }] } })
    expect(await all(sdk.durableObjects.namespaces.list(at))).toMatchObject([
      { name: 'rooms_Room', script: 'rooms', class: 'Room', use_sqlite: true },
    ])
    await sdk.workers.scripts.subdomain.create('rooms', { ...at, enabled: true })
    for (const path of ['a', 'b', 'c', 'boom']) await cloud.edge(`http://rooms.example.workers.dev/${path}`)
    const query = `query ($account: String!, $since: Time!) { viewer { accounts(filter: { accountTag: $account }) {
      workersInvocationsAdaptive(limit: 10, filter: { scriptName: "rooms", datetime_geq: $since }) {
        sum { requests errors } quantiles { cpuTimeP50 cpuTimeP99 wallTimeP50 wallTimeP99 } dimensions { scriptName }
      } } } }`
    const since = new Date(Date.now() - 60_000).toISOString()
    const ask = async () => {
      const body = { query, variables: { account, since } }
      const { data } = await sdk.post<{ data: { viewer: { accounts: { workersInvocationsAdaptive: unknown[] }[] } } }>(
        '/graphql',
        { body },
      )
      return data.viewer.accounts[0]?.workersInvocationsAdaptive[0]
    }
    await expect.poll(ask).toMatchObject({ sum: { requests: 4, errors: 1 }, dimensions: { scriptName: 'rooms' } })
    expect(await ask()).toMatchObject({
      quantiles: { wallTimeP50: expect.any(Number), wallTimeP99: expect.any(Number) },
    })
    const { quantiles } = JSON.parse(JSON.stringify(await ask()))
    expect(quantiles.wallTimeP99).toBeGreaterThan(0)
    if (process.platform === 'linux') expect(quantiles.cpuTimeP99).toBeGreaterThan(0)
  })

  test('errors are the classes that the SDK has for them', async () => {
    const stranger = new Cloudflare({ apiToken: 'wrong', baseURL: cloud.cloudflare.apiBase, maxRetries: 0 })
    await expect(stranger.user.tokens.verify()).rejects.toThrow(Cloudflare.AuthenticationError)
    await expect(sdk.workers.scripts.deployments.list('none', at)).rejects.toMatchObject({
      status: 404,
      errors: [{ code: 10007 }],
    })
    await expect(sdk.get('/accounts/x/never')).rejects.toMatchObject({ status: 501 })
    expect(cloud.messages.join()).toContain('GET /accounts/x/never is not part of the embedded Cloudflare')
  })
})
