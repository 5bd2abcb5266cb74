import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Cloudflare } from 'cloudflare'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startEmbeddedCloudflare } from '../../cli/embedded-cloudflare/embedded-cloudflare.ts'
import { account, type EmbeddedAccount, startAccount, zone } from './account.ts'

const namespaces = `/accounts/${account}/storage/kv/namespaces`

describe('faults and guards of the API', () => {
  let cloud: EmbeddedAccount
  const list = async () => (await cloud.api('GET', namespaces)).result.map(({ title }: { title: string }) => title)
  const create = (title: string) => cloud.api('POST', namespaces, { title })

  beforeAll(async () => {
    cloud = await startAccount()
  })
  afterEach(() => cloud.cloudflare.faults.clear())
  afterAll(() => cloud.dispose())

  test('429 with Retry-After, a number of times', async () => {
    const { faults, token, apiBase, log } = cloud.cloudflare
    log.clear()
    faults.add({ method: 'POST', path: namespaces, times: 2, fault: { type: 'status', status: 429, retryAfter: 0 } })
    const sdk = new Cloudflare({ apiToken: token, baseURL: apiBase })
    expect((await sdk.kv.namespaces.create({ account_id: account, title: 'limited' })).title).toBe('limited')
    expect(log.writes.map(({ status, fault }) => [status, fault])).toEqual([
      [429, 'status'],
      [429, 'status'],
      [200, undefined],
    ])
  })

  test('5xx and 401 from a call on', async () => {
    cloud.cloudflare.faults.add({ path: namespaces, times: 1, fault: { type: 'status', status: 502 } })
    expect((await create('x')).status).toBe(502)
    cloud.cloudflare.faults.add({ from: 2, fault: { type: 'status', status: 401 } })
    expect((await create('before')).success).toBe(true)
    expect(await create('after')).toMatchObject({ status: 401, code: 10000 })
    expect((await cloud.api('GET', `/zones/${zone}`)).status).toBe(401)
    cloud.cloudflare.faults.clear()
    expect(await list()).not.toContain('after')
  })

  test('commit-then-close: done, but the reply is lost', async () => {
    cloud.cloudflare.faults.add({ method: 'POST', times: 1, fault: { type: 'commit-then-close' } })
    await expect(create('lost')).rejects.toThrow('fetch failed')
    expect(await list()).toContain('lost')
    expect(
      cloud.cloudflare.log.entries.some(({ status, fault }) => status === 0 && fault === 'commit-then-close'),
    ).toBe(true)
  })

  test('close: nothing is done; close-mid-body: the answer is cut', async () => {
    cloud.cloudflare.faults.add({ method: 'POST', times: 1, fault: { type: 'close' } })
    await expect(create('closed')).rejects.toThrow('fetch failed')
    expect(await list()).not.toContain('closed')
    cloud.cloudflare.faults.add({ method: 'GET', times: 1, fault: { type: 'close-mid-body' } })
    await expect(list()).rejects.toThrow('terminated')
  })

  test('HTML, slow, hang', async () => {
    const { faults, apiBase, token } = cloud.cloudflare
    const remove = faults.add({ path: /kv/, fault: { type: 'html', status: 502 } })
    expect((await cloud.api('GET', namespaces)).result).toContain('<!DOCTYPE html>')
    remove()
    faults.add({ path: /kv/, times: 1, fault: { type: 'slow', milliseconds: 150 } })
    const begin = performance.now()
    expect(await list()).toContain('lost')
    expect(performance.now() - begin).toBeGreaterThan(145)
    faults.add({ path: /kv/, fault: { type: 'hang' } })
    const signal = AbortSignal.timeout(100)
    const hung = fetch(`${apiBase}${namespaces}`, { headers: { authorization: `Bearer ${token}` }, signal })
    await expect(hung).rejects.toThrow('timeout')
  })

  test('an unknown path is 501 with its name, and logged', async () => {
    expect(await cloud.api('POST', '/accounts/x/queues')).toMatchObject({
      status: 501,
      message: expect.stringContaining('/queues'),
    })
    expect(cloud.messages.join()).toContain('POST /accounts/x/queues')
  })

  test.each([
    ['a page of another site', { origin: 'https://evil.example' }],
    ['a page that rebinds its name', { host: 'evil.example' }],
    ['a browser without an Origin', { 'sec-fetch-site': 'cross-site' }],
  ])('%s is refused, even with the token', async (_, headers: Record<string, string>) => {
    const { apiBase, token } = cloud.cloudflare
    const status = await new Promise((resolve, reject) => {
      const options = { headers: { authorization: `Bearer ${token}`, ...headers } }
      request(`${apiBase}/accounts`, options, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end()
    })
    expect(status).toBe(403)
  })

  test('token, state and address are readable by this user alone, and the address goes at the end', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'embedded-'))
    const addressFile = join(folder, 'config/addresses.json')
    const dataDir = join(folder, 'data')
    const one = await startEmbeddedCloudflare({ dataDir, addressFile })
    for (const file of [addressFile, join(dataDir, 'token'), join(dataDir, 'state.json')]) {
      expect(statSync(file).mode & 0o777, file).toBe(0o600)
    }
    expect(JSON.parse(readFileSync(addressFile, 'utf8'))).toMatchObject({
      addresses: [{ apiBase: one.apiBase, token: one.token }],
    })
    await one.dispose()
    expect(() => statSync(addressFile)).toThrow('ENOENT')
    const again = await startEmbeddedCloudflare({ dataDir, addressFile: null })
    expect(again.token).toBe(one.token)
    await again.dispose()
    rmSync(folder, { recursive: true })
  })
})
