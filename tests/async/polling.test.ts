import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { withDoubles } from '../support/doubles.ts'
import { type Pending, killed, objectOf } from '../support/durable-objects.ts'
import { type System, startSystem } from '../support/system.ts'

/** The object that decides, called with a time of the test's own. */
describe('polling, as the object sees it', () => {
  let system: System
  let pending: Pending
  let id = ''
  let count = 0

  beforeAll(async () => {
    system = await startSystem({ transform: withDoubles('op-discovery') })
    pending = await objectOf(system, 'PENDING_REQUESTS', 'shard-0')
  })
  afterAll(() => system[Symbol.asyncDispose]())

  const start = 2_000_000_000
  const grant = { id: 'grant', record: '{}' }
  const ask = (more = {}) =>
    pending.ask({ id, clientId: 'tv', request: '{}', interval: 5, expiresAt: start + 3600, ...more }, start)
  const poll = async (now: number, redemption = `r${now}`, clientId = 'tv') =>
    (await pending.poll(id, clientId, redemption, now)).outcome

  beforeEach(() => {
    id = `ask-${++count}`
  })

  test('ASY-04 attack V3 an impatient client waits five seconds longer each time, for good', async () => {
    await ask()
    expect(await poll(start)).toBe('pending')
    expect(await poll(start + 4)).toBe('slow_down')
    // The interval is ten now, from the last poll on.
    expect(await poll(start + 13)).toBe('slow_down')
    expect(await poll(start + 13 + 15)).toBe('pending')
    expect(await poll(start + 28 + 14)).toBe('slow_down')
    expect(await poll(start + 42 + 20)).toBe('pending')
    expect(await poll(start + 62 + 20)).toBe('pending')
  })

  test('two devices poll side by side for an hour: the patient one is never told to slow down', async () => {
    const devices = ['patient', 'hasty'].map((name) => `${name}-${id}`)
    for (const device of devices) {
      id = device
      await ask({ expiresAt: start + 3601 })
    }
    const outcomes: Record<string, string[]> = { patient: [], hasty: [] }
    let [patientAt, hastyAt, hastyInterval] = [0, 0, 5]
    for (let second = 0; second <= 3600; second++) {
      if (second === patientAt) {
        id = devices[0] ?? ''
        outcomes['patient']?.push(await poll(start + second))
        patientAt += 5
      }
      if (second === hastyAt) {
        id = devices[1] ?? ''
        const outcome = await poll(start + second)
        outcomes['hasty']?.push(outcome)
        // Too early once in ten polls; otherwise it does as it is told.
        if (outcome === 'slow_down') hastyInterval += 5
        hastyAt += (outcomes['hasty']?.length ?? 0) % 10 === 9 ? 1 : hastyInterval
      }
    }
    expect(outcomes['patient']).toEqual(Array.from({ length: 721 }, () => 'pending'))
    expect(new Set(outcomes['hasty'])).toEqual(new Set(['pending', 'slow_down']))
    for (const device of devices) {
      id = device
      expect(await poll(start + 3601)).toBe('expired')
    }
  })

  test('fault F32 ASY-05 attack V4 of a hundred polls after an approval one gets the grant', async () => {
    await ask()
    expect(await pending.decide(id, grant, undefined, start)).toBe(true)
    const outcomes = await Promise.all(Array.from({ length: 100 }, (_, index) => poll(start + 10, `r${index}`)))
    expect(outcomes.filter((outcome) => outcome === 'approved')).toHaveLength(1)
    expect(outcomes.filter((outcome) => outcome === 'used')).toHaveLength(99)
  })

  test('fault F21 the same redemption gets the same answer again', async () => {
    await ask()
    await pending.decide(id, grant, undefined, start)
    expect(await poll(start + 1, 'mine')).toBe('approved')
    expect(await poll(start + 2, 'mine')).toBe('approved')
    expect(await poll(start + 2, 'other')).toBe('used')
  })

  test('ASY-13 of a hundred decisions the first counts, and a late one does not', async () => {
    await ask()
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        pending.decide(id, index % 2 === 0 ? grant : undefined, undefined, start),
      ),
    )
    expect(answers.filter(Boolean)).toHaveLength(1)
    id = `late-${id}`
    await ask()
    expect(await pending.decide(id, grant, undefined, start + 3600)).toBe(false)
    expect(await poll(start + 3600)).toBe('expired')
  })

  test('ASY-05 another client changes nothing, not even the interval', async () => {
    await ask()
    expect(await poll(start)).toBe('pending')
    for (let second = 1; second < 5; second++) expect(await poll(start + second, 'r', 'other')).toBe('unknown')
    expect(await poll(start + 5)).toBe('pending')
  })

  test('a user code waits once, and is free again when its request is over', async () => {
    expect(await ask({ userCode: 'BCDFGHJK' })).toBe('kept')
    const first = id
    id = `second-${id}`
    expect(await ask({ userCode: 'BCDFGHJK' })).toBe('code_taken')
    await pending.decide(first, undefined, undefined, start)
    expect(await pending.askOfCode('BCDFGHJK', start)).toBeUndefined()
    expect(await ask({ userCode: 'BCDFGHJK' })).toBe('kept')
    id = `third-${id}`
    const later = { id, clientId: 'tv', request: '{}', interval: 5, userCode: 'BCDFGHJK', expiresAt: start + 9000 }
    expect(await pending.ask(later, start + 3600)).toBe('kept')
  })

  test('fault F20 a request, its decision and its one use survive the object', async () => {
    await ask()
    pending = await killed(system, 'PENDING_REQUESTS', 'shard-0')
    expect(await pending.decide(id, grant, undefined, start)).toBe(true)
    pending = await killed(system, 'PENDING_REQUESTS', 'shard-0')
    expect(await poll(start + 1, 'mine')).toBe('approved')
    pending = await killed(system, 'PENDING_REQUESTS', 'shard-0')
    expect(await poll(start + 2, 'other')).toBe('used')
  })

  test('fault F24 the alarm forgets requests ten minutes after they expired, and tells push clients before', async () => {
    const past = Math.floor(Date.now() / 1000) - 10
    const notice = { url: 'http://127.0.0.1:9/', headers: {}, body: { auth_req_id: 'x' } }
    await ask({ expiresAt: past, push: true, notice })
    const gone = `gone-${id}`
    await ask({ id: gone, expiresAt: past - 600 })
    await pending.sweep()
    const rows = await pending.sql('SELECT id, status FROM asks WHERE id IN (?, ?)', id, gone)
    expect(rows).toEqual([{ id, status: 'denied' }])
    // Nobody listens at the address, so the notice waits for its second attempt.
    const [waiting] = await pending.sql('SELECT sealed, attempts FROM notices WHERE id = ?', id)
    expect(waiting).toMatchObject({ attempts: 1 })
    expect(JSON.stringify(waiting)).not.toContain('auth_req_id')
    expect(await pending.alarmAt()).toBeLessThan(Date.now() + 6000)
  })

  test('ASY-12 fault F24 wakes up when the request of a push client expires, and a late decision loses', async () => {
    const soon = Math.floor(Date.now() / 1000) + 60
    const notice = { url: 'http://127.0.0.1:9/', headers: {}, body: { auth_req_id: 'x' } }
    // The alarm of the sweep before this test may be near: what counts is that it is not later.
    await pending.sql('DELETE FROM notices')
    await pending.sweep()
    expect(await pending.alarmAt()).toBeGreaterThan(soon * 1000 + 60_000)
    await ask({ expiresAt: soon, push: true, notice })
    expect(await pending.alarmAt()).toBeLessThanOrEqual(soon * 1000)
    await pending.sweep()
    expect(await pending.alarmAt()).toBeLessThanOrEqual(soon * 1000)
    await pending.sql('UPDATE asks SET expires_at = ? WHERE id = ?', soon - 120, id)
    await pending.sweep()
    expect(await pending.decide(id, grant, { access_token: 'late' }, soon - 180)).toBe(false)
    expect(await pending.noticeCount()).toBe(1)
  })

  test('attack V7 a person is asked by one client three times at once, and ten times by all', async () => {
    const sub = `person-${id}`
    const of = (clientId: string, index: number) => ask({ id: `${clientId}-${index}`, clientId, sub })
    for (let index = 0; index < 3; index++) expect(await of('bank', index)).toBe('kept')
    expect(await of('bank', 3)).toBe('too_many')
    for (const clientId of ['shop', 'post']) for (let index = 0; index < 3; index++) await of(clientId, index)
    expect(await of('club', 0)).toBe('kept')
    expect(await of('club', 1)).toBe('too_many')
    await pending.decide('bank-0', undefined, undefined, start)
    expect(await of('bank', 4)).toBe('kept')
  })
})
