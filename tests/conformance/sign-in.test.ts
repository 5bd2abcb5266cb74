import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LocalWorker } from '../../cli/embedded-cloudflare/worker.ts'
import { type ThrottlePolicy, accountPolicy, addressPolicy } from '../../shared/protocol/throttling.ts'
import { formOf } from '../support/agent.ts'
import { titleOf } from '../support/answer.ts'
import { everyShard } from '../support/durable-objects.ts'
import { authorizationPath, codeFor } from '../support/oauth.ts'
import { type System, type TestClient, startSystem } from '../support/system.ts'

/** The fields of a fresh sign-in page, for a browser of its own. */
async function open(system: System, client: TestClient, agent = system.agent()) {
  const page = await (await agent.follow(await agent.get(authorizationPath(client, { prompt: 'login' })))).text()
  const { hidden } = formOf(page, '/signin')
  const attempt = (identifier: string, password: string) => agent.post('/signin', { ...hidden, identifier, password })
  return { agent, attempt }
}

/** Counts attempts at a key as the Worker would, without the work of a password, until the next has to wait. */
function exhaust(system: System, key: string, policy: ThrottlePolicy): Promise<void> {
  // Eight beyond the free ones make the next one wait for eight minutes, however slow this machine is.
  return count(system, key, policy, policy.free + 8)
}

async function count(system: System, key: string, policy: ThrottlePolicy, attempts: number): Promise<void> {
  const [last, apart] = [seconds(), 2 * policy.longestWait]
  for (const throttle of await everyShard(system, 'THROTTLE'))
    for (let before = attempts - 1; before >= 0; before--) await throttle.attempt(key, policy, last - before * apart)
}

function seconds(): number {
  return Math.floor(Date.now() / 1000)
}

describe('signing in with a password', () => {
  let system: System
  let client: TestClient
  beforeAll(async () => {
    system = await startSystem()
    client = await system.client()
  })
  afterAll(() => system[Symbol.asyncDispose]())

  test('attack L3 parallel guesses are counted before the password is looked at', async () => {
    const user = await system.user()
    const browsers = await Promise.all(Array.from({ length: 12 }, () => open(system, client)))
    const started = seconds()
    const answers = await Promise.all(browsers.map(({ attempt }) => attempt(user.username, 'wrong password')))
    const elapsed = seconds() - started
    const counts = Map.groupBy(answers, ({ status }) => status)
    expect([...counts.keys()].every((status) => [400, 429, 503].includes(status))).toBe(true)
    // Five are free; each later one needs its wait to have passed.
    expect(counts.get(400)?.length ?? 0).toBeLessThanOrEqual(accountPolicy.free + Math.ceil(elapsed / 2))
    for (const status of [429, 503])
      for (const answer of counts.get(status) ?? [])
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  test('attack L3 the wait for an account doubles with each guess beyond the free ones', async () => {
    const [throttle] = await everyShard(system, 'THROTTLE')
    let at = seconds()
    const attempt = (): Promise<number> =>
      throttle?.['attempt']?.('account:doubling', accountPolicy, at) ?? Promise.reject()
    for (let guess = 0; guess < accountPolicy.free; guess++) expect(await attempt()).toBe(0)
    for (const wait of [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]) {
      expect(await attempt()).toBe(wait)
      at += wait
      expect(await attempt()).toBe(0)
    }
  })

  test('attack L3 an account that was guessed at refuses even the right password', async () => {
    const user = await system.user()
    await exhaust(system, `account:${user.sub}`, accountPolicy)
    const refused = await (await open(system, client)).attempt(user.username, user.password)
    expect(refused.status).toBe(429)
    const wait = Number(refused.headers.get('retry-after'))
    expect(wait > 300 && wait <= 512).toBe(true)
    expect(await refused.text()).toContain('too many attempts')
  })

  test('attack L6 strangers cannot lock out a browser that the person signed in from before', async () => {
    const user = await system.user()
    const known = system.agent()
    await codeFor(system, client, user, {}, known)
    await exhaust(system, `account:${user.sub}`, accountPolicy)
    expect((await (await open(system, client)).attempt(user.username, user.password)).status).toBe(429)
    expect((await (await open(system, client, known)).attempt(user.username, user.password)).status).toBe(303)
    const other = await system.user()
    await exhaust(system, `account:${other.sub}`, accountPolicy)
    expect((await (await open(system, client, known)).attempt(other.username, other.password)).status).toBe(429)
  })

  test('attack L6 a guesser whose address has to wait does not count against the account', async () => {
    const user = await system.user()
    const guesser = await open(system, client)
    await exhaust(system, `address:${guesser.agent.address}`, addressPolicy)
    for (let guess = 0; guess < 7; guess++) expect((await guesser.attempt(user.username, 'wrong')).status).toBe(429)
    expect((await (await open(system, client)).attempt(user.username, user.password)).status).toBe(303)
  })

  test('attack L5 one address that tries many accounts is 429', async () => {
    const stuffer = await open(system, client)
    await exhaust(system, `address:${stuffer.agent.address}`, addressPolicy)
    const [user, other] = [await system.user(), await system.user()]
    for (const { username, password } of [user, other]) {
      const answer = await stuffer.attempt(username, password)
      expect([answer.status, Number(answer.headers.get('retry-after')) > 0]).toEqual([429, true])
    }
    expect((await (await open(system, client)).attempt(user.username, user.password)).status).toBe(303)
  })

  test('attack L5 people of one office who know their passwords do not use up what their address may try', async () => {
    const office = await open(system, client)
    await count(system, `address:${office.agent.address}`, addressPolicy, addressPolicy.free - 2)
    for (const { username, password } of await Promise.all([system.user(), system.user(), system.user()]))
      expect((await (await open(system, client, office.agent)).attempt(username, password)).status).toBe(303)
    for (const identifier of ['nobody', 'no one']) expect((await office.attempt(identifier, 'wrong')).status).toBe(400)
    const patient = { ...addressPolicy, firstWait: 900 }
    const shards = await everyShard(system, 'THROTTLE')
    const waits = shards.map((throttle) => throttle.wait(`address:${office.agent.address}`, patient, seconds()))
    expect(Math.max(...(await Promise.all(waits)))).toBeGreaterThan(0)
  })

  test('attack L7 an unknown person, a wrong password and a disabled person get the same page', async () => {
    const [user, disabled] = [await system.user(), await system.user()]
    await system.db.prepare('UPDATE users SET disabled = 1 WHERE sub = ?').bind(disabled.sub).run()
    const pages = []
    for (const [name, password] of [
      [user.username, 'wrong password'],
      [user.email, 'wrong password'],
      ['nobody', 'wrong password'],
      ['nobody@example.com', 'wrong password'],
      [disabled.username, disabled.password],
      [user.username, 'x'.repeat(2000)],
    ] as const) {
      const answer = await (await open(system, client)).attempt(name, password)
      const page = (await answer.text())
        .replaceAll(name, 'NAME')
        .replaceAll(/name="(interaction|csrf)" value="[^"]*"/g, '$1')
      const headers = Object.fromEntries(answer.headers)
      for (const name of ['x-request-id', 'date', 'content-length']) delete headers[name]
      pages.push(JSON.stringify([answer.status, headers, page]))
      expect(answer.status).toBe(400)
      expect(page).toContain('That name and password do not match.')
    }
    expect(new Set(pages).size).toBe(1)
  })

  test('attack L8 a password beyond 64 KiB is refused unread, and a long one is never hashed whole', async () => {
    const user = await system.user()
    const { attempt } = await open(system, client)
    const huge = await attempt(user.username, 'x'.repeat(70_000))
    expect([huge.status, titleOf(await huge.text())]).toEqual([413, 'Form too large'])
    expect((await attempt(user.username, user.password + ' '.repeat(60_000))).status).toBe(400)
    expect((await attempt(user.username, user.password)).status).toBe(303)
  })

  test('B-14 what was typed stays after a mistake, apart from the password', async () => {
    const { attempt } = await open(system, client)
    const page = await (await attempt('"><b>ada', 'a wrong secret')).text()
    expect(page).toContain('value="&quot;&gt;&lt;b&gt;ada"')
    expect(page).not.toContain('a wrong secret')
    const missing = await attempt('ada', '')
    expect([missing.status, (await missing.text()).includes('value="ada"')]).toEqual([400, true])
  })
})

describe('the work of a password', () => {
  let system: System
  let client: TestClient
  beforeAll(async () => {
    system = await startSystem({ fullHashing: true })
    client = await system.client()
  })
  afterAll(() => system[Symbol.asyncDispose]())

  test('attack L7 unknown people cost as much work as known ones', async () => {
    const user = await system.user()
    const [known, unknown]: [number[], number[]] = [[], []]
    for (let round = 0; round < 4; round++)
      for (const [name, times] of [
        [user.username, known],
        [`nobody-${round}`, unknown],
      ] as const) {
        const { attempt } = await open(system, client)
        const started = performance.now()
        await attempt(name, 'wrong password')
        times.push(performance.now() - started)
      }
    const ratio = Math.min(...known) / Math.min(...unknown)
    expect(ratio).toBeGreaterThan(0.4)
    expect(ratio).toBeLessThan(2.5)
  })

  test('attack L12 four may wait for a hash; others are 503 with Retry-After at once, and then served', async () => {
    const visits = await Promise.all(
      Array.from({ length: 16 }, async () => ({ user: await system.user(), ...(await open(system, client)) })),
    )
    const answers = await Promise.all(
      visits.map(async ({ user, attempt }) => ({
        answer: await attempt(user.username, user.password),
        again: () => attempt(user.username, user.password),
      })),
    )
    const busy = answers.filter(({ answer }) => answer.status === 503)
    const served = answers.filter(({ answer }) => answer.status === 303)
    expect(busy.length + served.length).toBe(16)
    expect(busy.length).toBeGreaterThan(0)
    expect(served.length).toBeGreaterThanOrEqual(4)
    for (const { answer } of busy) {
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
      expect(await answer.text()).toContain('Many people are signing in right now.')
    }
    expect((await busy[0]?.again())?.status).toBe(303)
  })
})

describe('a flood of sign-ins', () => {
  test('attack L12 the rate limit stands before the password, for each address', async () => {
    const limited = (workers: LocalWorker[]) =>
      workers.map((worker) => {
        const rate = worker.bindings['PASSWORD_RATE']
        if (rate?.type !== 'rate-limit') return worker
        return { ...worker, bindings: { ...worker.bindings, PASSWORD_RATE: { ...rate, limit: 3 } } }
      })
    await using system = await startSystem({ transform: limited })
    const client = await system.client()
    const user = await system.user()
    const flood = await open(system, client)
    const statuses: number[] = []
    for (let attempt = 0; attempt < 8; attempt++)
      statuses.push((await flood.attempt(`nobody-${attempt}`, 'wrong password')).status)
    // The minute that the limit counts in may end in between, once.
    expect(statuses.slice(0, 3)).toEqual([400, 400, 400])
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(2)
    expect((await (await open(system, client)).attempt(user.username, user.password)).status).toBe(303)
  })
})
