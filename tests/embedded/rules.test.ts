import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { account, type EmbeddedAccount, otherAccount, startAccount, zone } from './account.ts'

const plain = 'export default { fetch: () => new Response() }'
const objects = (...names: string[]) =>
  `import { DurableObject } from 'cloudflare:workers'
  ${names.map((name) => `export class ${name} extends DurableObject {}`).join('\n')}
  ${plain}`
const sqlite = (tag: string, name: string, old?: string) => ({
  migrations: { ...(old && { old_tag: old }), new_tag: tag, steps: [{ new_sqlite_classes: [name] }] },
})

const deployer = 'token-of-the-deployer'
const reader = 'token-of-a-reader'
const stranger = 'token-for-the-other-account'
const scripts = `/accounts/${account}/workers/scripts`

describe('what Cloudflare refuses', () => {
  let cloud: EmbeddedAccount

  beforeAll(async () => {
    cloud = await startAccount({
      tokens: [
        { value: deployer, permissions: ['Workers Scripts Write', 'Workers Routes Write'], accounts: [account] },
        { value: reader, permissions: ['Workers Scripts Read', 'Zone Read', 'API Tokens Read'], accounts: [account] },
        { value: stranger, permissions: 'all', accounts: [otherAccount], kind: 'account' },
        { value: 'expired', permissions: 'all', expiresOn: '2020-01-01T00:00:00Z' },
      ],
    })
    await cloud.put('host', objects('Counter'), sqlite('v1', 'Counter'))
    await cloud.put('user', plain, {
      bindings: [{ type: 'durable_object_namespace', name: 'C', class_name: 'Counter', script_name: 'host' }],
    })
  })
  afterAll(() => cloud.dispose())

  test.each([
    ['an unknown KV namespace', { type: 'kv_namespace', name: 'A', namespace_id: 'f'.repeat(32) }, 10041],
    ['an unknown database', { type: 'd1', name: 'A', id: crypto.randomUUID() }, 10181],
    ['a service that does not exist yet', { type: 'service', name: 'A', service: 'later' }, 10143],
    ['an entrypoint that is not exported', { type: 'service', name: 'A', service: 'host', entrypoint: 'No' }, 10144],
    [
      'a script_name that does not exist yet',
      { type: 'durable_object_namespace', name: 'A', class_name: 'X', script_name: 'later' },
      10061,
    ],
    [
      'a class the host does not implement',
      { type: 'durable_object_namespace', name: 'A', class_name: 'X', script_name: 'host' },
      10061,
    ],
    ['a class without a migration', { type: 'durable_object_namespace', name: 'A', class_name: 'X' }, 10061],
    ['nothing to inherit', { type: 'inherit', name: 'A' }, 10057],
    ['a value over 5 KB', { type: 'plain_text', name: 'A', text: 'x'.repeat(5121) }, 10054],
    ['a type that is not covered', { type: 'r2_bucket', name: 'A', bucket_name: 'b' }, 10021],
  ])('a binding to %s', async (_, binding, code) => {
    expect(await cloud.put('bound', plain, { bindings: [binding] })).toMatchObject({ status: 400, code })
    expect((await cloud.api('GET', `/accounts/${account}/workers/services/bound`)).code).toBe(10090)
  })

  test.each([
    ['a name that is not valid', 'Not_Valid!', plain, {}, 10016],
    ['a compatibility date in the future', 'w', plain, { compatibility_date: '2099-01-01' }, 10021],
    ['code with a syntax error', 'w', 'export default {', {}, 10021],
    ['code that throws at start', 'w', 'throw new Error("no"); export default {}', {}, 10021],
    ['code that imports what is not there', 'w', 'import "./gone.js"; export default {}', {}, 10021],
    ['code that never ends starting', 'w', 'for (;;); export default {}', {}, 10021],
    ['a main module that was not uploaded', 'w', plain, { main_module: 'other.js' }, 10021],
  ])('an upload of %s', async (_, name, code, metadata, expected) => {
    expect(await cloud.put(name, code, metadata)).toMatchObject({ status: 400, code: expected })
  })

  test('an upload over the size limit', async () => {
    const code = `export default ${JSON.stringify(randomBytes(12 * 1024 * 1024).toString('base64'))}`
    expect(await cloud.put('large', code)).toMatchObject({ status: 413, code: 10027 })
  })

  test('migrations through a version upload, with a wrong tag, for a class not exported or already there', async () => {
    expect((await cloud.version('host', objects('Counter', 'B'), sqlite('v2', 'B', 'v1'))).code).toBe(10211)
    expect((await cloud.put('host', objects('Counter', 'B'), sqlite('v2', 'B'))).code).toBe(10079)
    expect((await cloud.put('host', objects('Counter'), sqlite('v2', 'B', 'v1'))).code).toBe(10070)
    expect((await cloud.put('host', objects('Counter'), sqlite('v2', 'Counter', 'v1'))).code).toBe(10074)
  })

  test('code without a class that has objects, and the removal of one that others bind', async () => {
    expect((await cloud.put('host', plain)).code).toBe(10064)
    expect((await cloud.version('host', plain)).code).toBe(10064)
    const removal = { migrations: { old_tag: 'v1', new_tag: 'v2', steps: [{ deleted_classes: ['Counter'] }] } }
    expect(await cloud.put('host', plain, removal)).toMatchObject({
      code: 10065,
      message: expect.stringContaining("'user'"),
    })
  })

  test('exports take the place of migrations, also in a version upload', async () => {
    const exports = (...names: string[]) => ({
      exports: Object.fromEntries(names.map((name) => [name, { type: 'durable-object', storage: 'sqlite' }])),
    })
    await cloud.put('exporter', objects('A'), exports('A'))
    expect((await cloud.put('exporter', objects('B'), exports('B'))).code).toBe(100402)
    const { result } = await cloud.version('exporter', objects('A', 'B'), exports('A', 'B'))
    expect((await cloud.deploy('exporter', { [result.id]: 100 })).success).toBe(true)
    const { result: namespaces } = await cloud.api('GET', `/accounts/${account}/workers/durable_objects/namespaces`)
    expect(namespaces.map(({ name }: { name: string }) => name)).toContain('exporter_B')
  })

  test('a rollback past a new class, and, unless forced, past changed secrets', async () => {
    const { result: before } = await cloud.put('past', objects('A'), sqlite('v1', 'A'))
    await cloud.put('past', objects('A', 'B'), sqlite('v2', 'B', 'v1'))
    expect((await cloud.deploy('past', { [before.deployment_id]: 100 }, '?force=true')).code).toBe(10220)

    const { result: secretless } = await cloud.put('secrets', plain)
    await cloud.api('PUT', `${scripts}/secrets/secrets`, { name: 'S', text: 'x', type: 'secret_text' })
    const refused = await cloud.deploy('secrets', { [secretless.deployment_id]: 100 })
    expect(refused).toMatchObject({ code: 10220, message: expect.stringContaining('changed: S') })
    expect((await cloud.deploy('secrets', { [secretless.deployment_id]: 100 }, '?force=true')).success).toBe(true)
  })

  test('a rollback to a version whose namespace was deleted', async () => {
    const { result: kv } = await cloud.api('POST', `/accounts/${account}/storage/kv/namespaces`, { title: 'gone' })
    const bindings = [{ type: 'kv_namespace', name: 'KV', namespace_id: kv.id }]
    const { result: before } = await cloud.put('unbound', plain, { bindings })
    await cloud.put('unbound', plain)
    await cloud.api('DELETE', `/accounts/${account}/storage/kv/namespaces/${kv.id}`)
    expect((await cloud.deploy('unbound', { [before.deployment_id]: 100 })).code).toBe(10041)
  })

  test('a secret with the name of a variable, and deletion of a Worker that others bind', async () => {
    await cloud.put('named', plain, { bindings: [{ type: 'plain_text', name: 'V', text: 'x' }] })
    const taken = await cloud.api('PUT', `${scripts}/named/secrets`, { name: 'V', text: 'x', type: 'secret_text' })
    expect(taken.code).toBe(10053)
    expect((await cloud.api('DELETE', `${scripts}/host`)).code).toBe(10064)
  })

  test('a route of another Worker, outside its zone, or with a * in the middle', async () => {
    const routes = `/zones/${zone}/workers/routes`
    const pattern = 'app.example.test/mine*'
    await cloud.api('POST', routes, { pattern, script: 'user' })
    expect(await cloud.api('POST', routes, { pattern, script: 'host' })).toMatchObject({ status: 409, code: 10020 })
    expect((await cloud.api('PUT', `${scripts}/host/routes`, [{ pattern, zone_id: zone }])).code).toBe(10020)
    expect((await cloud.api('POST', routes, { pattern: 'elsewhere.test/*', script: 'user' })).code).toBe(10022)
    expect((await cloud.api('POST', routes, { pattern: 'app.example.test/a*b', script: 'user' })).code).toBe(10022)
    expect((await cloud.api('POST', routes, { pattern: 'app.example.test/x', script: 'none' })).code).toBe(10019)
  })

  test('a route meets path and query, as at Cloudflare', async () => {
    const routes = `/zones/${zone}/workers/routes`
    await cloud.put('exact', 'export default { fetch: () => new Response("exact") }')
    await cloud.api('POST', routes, { pattern: 'app.example.test/exact', script: 'exact' })
    expect((await cloud.edge('http://app.example.test/exact')).text).toBe('exact')
    expect((await cloud.edge('http://app.example.test/exact?a=1')).status).toBe(522)
  })

  test('a host without a proxied DNS record has no routes', async () => {
    await cloud.api('POST', `/zones/${zone}/workers/routes`, { pattern: 'grey.example.test/*', script: 'exact' })
    expect((await cloud.edge('http://grey.example.test/')).status).toBe(421)
    const record = { type: 'A', name: 'grey.example.test', content: '192.0.2.1', proxied: true }
    await cloud.api('POST', `/zones/${zone}/dns_records`, record)
    expect((await cloud.edge('http://grey.example.test/?a=1')).text).toBe('exact')
  })

  test('a custom domain over another Worker or over DNS records, unless it is told to', async () => {
    const domains = `/accounts/${account}/workers/domains`
    const take = (service: string, overrides = {}) =>
      cloud.api('PUT', domains, { hostname: 'app.example.test', service, ...overrides })
    expect((await take('user')).code).toBe(100117)
    expect((await take('user', { override_existing_dns_record: true })).success).toBe(true)
    expect((await take('host')).code).toBe(100116)
    expect((await take('host', { override_existing_origin: true })).result.service).toBe('host')
    const { result } = await cloud.api('GET', `/zones/${zone}/dns_records?name=app.example.test`)
    expect((await cloud.api('DELETE', `/zones/${zone}/dns_records/${result[0].id}`)).code).toBe(1043)
  })

  test('tokens: none, unknown, expired, of the other account, or without the permission', async () => {
    expect((await fetch(`${cloud.cloudflare.apiBase}/accounts`)).status).toBe(400)
    expect(await cloud.api('GET', '/user/tokens/verify', undefined, 'unknown')).toMatchObject({
      status: 401,
      code: 1000,
    })
    expect((await cloud.api('GET', '/accounts', undefined, 'expired')).status).toBe(401)
    expect(await cloud.api('GET', scripts, undefined, stranger)).toMatchObject({ status: 403, code: 10000 })
    expect((await cloud.api('GET', `/zones/${zone}`, undefined, stranger)).code).toBe(9109)
    expect(await cloud.api('POST', `/accounts/${account}/d1/database`, { name: 'x' }, deployer)).toMatchObject({
      status: 403,
      code: 10000,
    })
    expect(await cloud.api('GET', '/user', undefined, deployer)).toMatchObject({ status: 403, code: 9109 })
    expect((await cloud.api('DELETE', `${scripts}/user`, undefined, reader)).code).toBe(10000)
    expect((await cloud.api('GET', scripts, undefined, deployer)).success).toBe(true)
    expect((await cloud.api('GET', '/zones', undefined, deployer)).result).toEqual([])
  })

  test('a token of an account is verified there, and a token may tell what it may do', async () => {
    expect((await cloud.api('GET', '/user/tokens/verify', undefined, stranger)).code).toBe(1000)
    expect((await cloud.api('GET', `/accounts/${otherAccount}/tokens/verify`, undefined, stranger)).result.status).toBe(
      'active',
    )
    const { result: me } = await cloud.api('GET', '/user/tokens/verify', undefined, reader)
    const { result } = await cloud.api('GET', `/user/tokens/${me.id}`, undefined, reader)
    expect(result.policies[0].permission_groups.map(({ name }: { name: string }) => name)).toContain('Zone Read')
    expect(result.policies[0].resources).toHaveProperty([`com.cloudflare.api.account.${account}`])
    expect((await cloud.api('GET', '/accounts', undefined, reader)).result).toHaveLength(1)
  })
})
