import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { account, type EmbeddedAccount, startAccount, zone } from './account.ts'

const url = 'https://app.example.test/greet?x=1'
const greeting = (text: string) =>
  `export default { fetch: (request, env) => new Response('${text} ' + (env.VERSION?.id ?? '')) }`
const metadata = { bindings: [{ type: 'version_metadata', name: 'VERSION' }] }

describe('versions and traffic', () => {
  let cloud: EmbeddedAccount
  let first: string
  let second: string
  const share = async (count: number, headers: Record<string, string> = {}) => {
    let found = 0
    for (let index = 0; index < count; index++) if ((await cloud.edge(url, headers)).text.startsWith('two')) found += 1
    return found
  }

  beforeAll(async () => {
    cloud = await startAccount()
    first = (await cloud.put('greet', greeting('one'), metadata)).result.deployment_id
    await cloud.api('POST', `/zones/${zone}/workers/routes`, { pattern: 'app.example.test/greet*', script: 'greet' })
    second = (await cloud.version('greet', greeting('two'), metadata)).result.id
  })
  afterAll(() => cloud.dispose())

  test('an uploaded version answers nothing until it is deployed, and knows its own id', async () => {
    expect((await cloud.edge(url)).text).toBe(`one ${first}`)
  })

  test('a version at 0 % answers only those who ask for it by override', async () => {
    await cloud.deploy('greet', { [first]: 100, [second]: 0 })
    expect(await share(20)).toBe(0)
    const override = { 'cloudflare-workers-version-overrides': `other="x", greet="${second}"` }
    expect((await cloud.edge(url, override)).text).toBe(`two ${second}`)
  })

  test('an override that names no deployed version falls back silently', async () => {
    const unknown = { 'cloudflare-workers-version-overrides': `greet="${crypto.randomUUID()}"` }
    expect((await cloud.edge(url, unknown)).text).toBe(`one ${first}`)
  })

  test('percentages split requests, without a restart, and equal version keys get equal versions', async () => {
    await cloud.deploy('greet', { [first]: 60, [second]: 40 })
    const found = await share(200)
    expect(found).toBeGreaterThan(40)
    expect(found).toBeLessThan(120)
    expect([0, 20]).toContain(await share(20, { 'cloudflare-workers-version-key': 'somebody' }))
  })

  test('Workers bound to a split Worker meet the same split and the same override', async () => {
    const code = 'export default { fetch: (request, env) => env.GREET.fetch(request) }'
    await cloud.put('through', code, { bindings: [{ type: 'service', name: 'GREET', service: 'greet' }] })
    await cloud.api('POST', `/zones/${zone}/workers/routes`, {
      pattern: 'app.example.test/through*',
      script: 'through',
    })
    const answers = new Set<string>()
    for (let index = 0; index < 40; index++) {
      answers.add((await cloud.edge('https://app.example.test/through')).text.slice(0, 3))
    }
    expect([...answers].toSorted()).toEqual(['one', 'two'])
    const override = { 'cloudflare-workers-version-overrides': `greet="${second}"` }
    expect((await cloud.edge('https://app.example.test/through', override)).text).toBe(`two ${second}`)
  })

  test('a rollback changes what answers', async () => {
    await cloud.deploy('greet', { [second]: 100 })
    expect((await cloud.edge(url)).text).toBe(`two ${second}`)
    expect((await cloud.deploy('greet', { [first]: 100 })).success).toBe(true)
    expect((await cloud.edge(url)).text).toBe(`one ${first}`)
  })

  test('what is not deployed any more costs no restart, and answers nobody', async () => {
    const code = 'let start; export default { fetch: () => new Response((start ??= crypto.randomUUID())) }'
    const former = (await cloud.put('lasting', code)).result.deployment_id
    await cloud.api('POST', `/zones/${zone}/workers/routes`, { pattern: 'app.example.test/last', script: 'lasting' })
    const next = (await cloud.version('lasting', code)).result.id
    const ask = async (version: string) => {
      const override = { 'cloudflare-workers-version-overrides': `lasting="${version}"` }
      return (await cloud.edge('https://app.example.test/last', override)).text
    }
    await cloud.deploy('lasting', { [former]: 50, [next]: 50 })
    const [ofFormer, ofNext] = [await ask(former), await ask(next)]
    await cloud.deploy('lasting', { [next]: 100 })
    expect([await ask(former), await ask(next)]).toEqual([ofNext, ofNext])
    expect(ofFormer).not.toBe(ofNext)
    await cloud.api('DELETE', `/accounts/${account}/workers/scripts/lasting`)
    expect((await cloud.edge('https://app.example.test/last')).status).not.toBe(200)
  })

  test('a deployment during requests drops none of them', async () => {
    const load = new AbortController()
    const statuses = new Set<number>()
    const asking = (async () => {
      while (!load.signal.aborted) statuses.add((await cloud.edge(url)).status)
    })()
    for (const text of ['three', 'four']) await cloud.put('greet', greeting(text), metadata)
    await expect.poll(async () => (await cloud.edge(url)).text, { timeout: 10_000 }).toContain('four')
    load.abort()
    await asking
    expect([...statuses]).toEqual([200])
  })

  test.each([
    ['99 percent', () => ({ [first]: 60, [second]: 39 }), 10207],
    ['three versions', () => ({ [first]: 50, [second]: 50, x: 0 }), 100146],
    ['an unknown version', () => ({ [crypto.randomUUID()]: 100 }), 100146],
  ])('a deployment of %s is refused', async (_, shares, code) => {
    expect(await cloud.deploy('greet', shares())).toMatchObject({ success: false, code })
  })

  test('deployments are listed newest first and say which versions answer', async () => {
    const { result } = await cloud.api('GET', `/accounts/${account}/workers/scripts/greet/deployments`)
    expect(result.deployments[0].versions[0].percentage).toBe(100)
    expect(result.deployments.at(-1).versions).toEqual([{ version_id: first, percentage: 100 }])
    const times = result.deployments.map(({ created_on }: { created_on: string }) => created_on)
    expect(times).toEqual(times.toSorted().toReversed())
  })

  test('what was deployed, and its data, outlive a restart', async () => {
    await cloud.restart()
    expect((await cloud.edge(url)).text).toContain('four')
  })
})
