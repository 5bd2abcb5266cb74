import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { account, type EmbeddedAccount, otherAccount, startAccount, upload } from './account.ts'

const counter = (name: string, text = '') => `
import { DurableObject } from 'cloudflare:workers'
export class ${name} extends DurableObject {
  next() {
    this.ctx.storage.sql.exec('CREATE TABLE IF NOT EXISTS c (n INTEGER)')
    this.ctx.storage.sql.exec('INSERT INTO c VALUES (1)')
    return this.ctx.storage.sql.exec('SELECT count(*) AS n FROM c').one().n
  }
}
export default {
  async fetch(request, env) {
    return new Response('${text}' + (await env.OBJECT.getByName('one').next()))
  }
}`
const binding = (class_name: string) => [{ type: 'durable_object_namespace', name: 'OBJECT', class_name }]

describe('Durable Objects across versions', () => {
  let cloud: EmbeddedAccount
  const ask = async (name = 'counter') => (await cloud.edge(`http://${name}.example.workers.dev/`)).text
  const publish = (name: string) =>
    cloud.api('POST', `/accounts/${account}/workers/scripts/${name}/subdomain`, { enabled: true })

  beforeAll(async () => {
    cloud = await startAccount()
    const migrations = { new_tag: 'v1', steps: [{ new_sqlite_classes: ['A'] }] }
    await cloud.put('counter', counter('A'), { bindings: binding('A'), migrations })
    await publish('counter')
  })
  afterAll(() => cloud.dispose())

  test('a new version finds the data of the former, and at 0 % leaves the objects to it', async () => {
    expect(await ask()).toBe('1')
    const { result: versions } = await cloud.api('GET', `/accounts/${account}/workers/scripts/counter/versions`)
    const next = await cloud.version('counter', counter('A', 'next '), { bindings: binding('A') })
    await cloud.deploy('counter', { [versions.items[0].id]: 100, [next.result.id]: 0 })
    expect(await ask()).toBe('2')
    await cloud.deploy('counter', { [next.result.id]: 100 })
    expect(await ask()).toBe('next 3')
  })

  test('a renamed class keeps its data, and a restart too', async () => {
    const migrations = { old_tag: 'v1', new_tag: 'v2', steps: [{ renamed_classes: [{ from: 'A', to: 'B' }] }] }
    expect(await cloud.put('counter', counter('B'), { bindings: binding('B'), migrations })).toMatchObject({
      success: true,
    })
    expect(await ask()).toBe('4')
    await cloud.restart()
    expect(await ask()).toBe('5')
  })

  test('a deleted class that comes again is empty, and so is a Worker', async () => {
    const steps = [{ deleted_classes: ['B'] }, { new_sqlite_classes: ['B'] }]
    const migrations = { old_tag: 'v2', new_tag: 'v4', steps }
    expect(await cloud.put('counter', counter('B'), { bindings: binding('B'), migrations })).toMatchObject({
      success: true,
    })
    expect(await ask()).toBe('1')
    await cloud.api('DELETE', `/accounts/${account}/workers/scripts/counter`)
    expect((await cloud.edge('http://counter.example.workers.dev/')).status).toBe(404)
    await cloud.put('counter', counter('B'), {
      bindings: binding('B'),
      migrations: { new_tag: 'v1', steps: [{ new_sqlite_classes: ['B'] }] },
    })
    await publish('counter')
    expect(await ask()).toBe('1')
  })

  test('two accounts may have a Worker of one name', async () => {
    const code = 'export default { fetch: () => new Response("the other") }'
    const put = await cloud.api('PUT', `/accounts/${otherAccount}/workers/scripts/counter`, upload(code))
    expect(put.success).toBe(true)
    expect(await ask()).toBe('2')
    expect((await cloud.cloudflare.env('counter'))['OBJECT']).toBeDefined()
    expect(await cloud.cloudflare.env('counter', otherAccount)).toEqual({})
  })

  test('a class or entrypoint that went from its host takes nobody else down', async () => {
    const entry = `import { WorkerEntrypoint } from 'cloudflare:workers'
      export class Extra extends WorkerEntrypoint { fetch() { return new Response('extra') } }
      ${counter('Old')}`
    await cloud.put('lender', entry, { migrations: { new_tag: 'v1', steps: [{ new_sqlite_classes: ['Old'] }] } })
    const code = 'export default { fetch: (request, env) => env.OLD ? env.EXTRA.fetch(request) : new Response("gone") }'
    const bindings = [
      { type: 'durable_object_namespace', name: 'OLD', class_name: 'Old', script_name: 'lender' },
      { type: 'service', name: 'EXTRA', service: 'lender', entrypoint: 'Extra' },
    ]
    await cloud.put('borrower', code, { bindings })
    await publish('borrower')
    expect(await ask('borrower')).toBe('extra')
    const migrations = { old_tag: 'v1', new_tag: 'v2', steps: [{ renamed_classes: [{ from: 'Old', to: 'New' }] }] }
    await cloud.put('lender', counter('New'), { migrations })
    expect(await ask('borrower')).toBe('gone')
    expect(await ask()).toBe('3')
  })

  test('a Worker whose dependency was deleted by force fails alone', async () => {
    await cloud.put('target', 'export default { fetch: () => new Response("target") }')
    const code = 'export default { fetch: (request, env) => env.TARGET.fetch(request) }'
    await cloud.put('source', code, { bindings: [{ type: 'service', name: 'TARGET', service: 'target' }] })
    await publish('source')
    expect(await ask('source')).toBe('target')
    await cloud.api('DELETE', `/accounts/${account}/workers/services/target?force=true`)
    expect((await cloud.edge('http://source.example.workers.dev/')).status).toBe(500)
    expect(await ask()).toBe('4')
  })
})
