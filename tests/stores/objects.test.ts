import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clientPolicy } from '../../shared/protocol/throttling.ts'
import { withDoubles } from '../support/doubles.ts'
import { type Pending, type Sessions, type Throttling, killed, objectOf } from '../support/durable-objects.ts'
import { type System, startSystem } from '../support/system.ts'

const now = Math.floor(Date.now() / 1000)

function session(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const times = { authTime: now, createdAt: now, lastSeenAt: now, expiresAt: now + 3600 }
  const who = { sub: 'ada', sid: 'sid', acr: 'acr', amr: ['pwd'], userAgent: '', address: '' }
  return { ...who, ...times, clients: {}, ...changes }
}

describe('objects on workerd', () => {
  let system: System
  beforeAll(async () => {
    system = await startSystem({ transform: withDoubles('op-discovery') })
  })
  afterAll(() => system[Symbol.asyncDispose]())

  describe('PendingRequests', () => {
    let pending: Pending
    beforeAll(async () => {
      pending = await objectOf(system, 'PENDING_REQUESTS', 'of this test')
    })

    test('XCT-01 fault F32 of a hundred that take a request one gets it', async () => {
      await pending.put('one', 'request', now + 60)
      const answers = await Promise.all(Array.from({ length: 100 }, () => pending.take('one', now)))
      expect(answers.filter((answer) => answer === 'request')).toHaveLength(1)
      expect(answers.filter((answer) => answer === undefined)).toHaveLength(99)
    })

    test('a request can be read and replaced until it expires', async () => {
      await pending.put('two', 'first', now + 60)
      await pending.put('two', 'second', now + 90)
      expect(await pending.get('two', now + 89)).toBe('second')
      expect(await pending.get('two', now + 90)).toBeUndefined()
      expect(await pending.take('two', now + 90)).toBeUndefined()
    })

    test('fault F24 the alarm deletes what has expired', async () => {
      await pending.put('dead', 'request', now - 1)
      await pending.put('live', 'request', now + 600)
      await pending.sweep()
      await pending.sweep()
      expect([await pending.get('dead', 0), await pending.get('live', 0)]).toEqual([undefined, 'request'])
      expect(await pending.alarmAt()).toBeGreaterThan(Date.now())
    })

    test('fault F20 requests outlive the object', async () => {
      await pending.put('kept', 'request', now + 60)
      pending = await killed(system, 'PENDING_REQUESTS', 'of this test')
      expect(await pending.get('kept', now)).toBe('request')
    })
  })

  describe('SessionStore', () => {
    let sessions: Sessions
    beforeAll(async () => {
      sessions = await objectOf(system, 'SESSION_STORE', 'of this test')
    })

    test('an ended session is gone for the next reader, and ends once', async () => {
      await sessions.create('a', session())
      expect(await sessions.visit('a', now)).toMatchObject({ sub: 'ada' })
      const answers = await Promise.all(Array.from({ length: 100 }, () => sessions.end('a')))
      expect(answers.filter((sid) => sid === 'sid')).toHaveLength(1)
      expect(await sessions.visit('a', now)).toBeUndefined()
    })

    test('only its own person ends a session', async () => {
      await sessions.create('b', session())
      expect(await sessions.end('b', 'eve')).toBeUndefined()
      expect(await sessions.end('b', 'ada')).toBe('sid')
    })

    test('an expired session is no session, also before the alarm', async () => {
      await sessions.create('c', session({ sub: 'carl', expiresAt: now + 10 }))
      expect(await sessions.visit('c', now + 9)).toBeDefined()
      expect(await sessions.visit('c', now + 10)).toBeUndefined()
      expect(await sessions.list('carl', now + 10)).toEqual([])
    })

    test('a hundred parallel sign-ins to clients are all remembered', async () => {
      await sessions.create('d', session({ sub: 'dora' }))
      const clients = Array.from({ length: 100 }, (_, index) => `client-${index}`)
      await Promise.all(clients.map((each) => sessions.addClient('d', each, 'openid', now)))
      expect(Object.keys(Object((await sessions.visit('d', now))?.['clients']))).toHaveLength(100)
      await sessions.forgetClient('dora', 'client-7')
      expect(await sessions.visit('d', now)).toHaveProperty('clients.client-8')
      expect(await sessions.visit('d', now)).not.toHaveProperty('clients.client-7')
    })

    test('SML-21 a session is found by the name that a partner has for the person, until it ends', async () => {
      const participant = (entityId: string, value: string) => ({
        role: 'sp',
        entityId,
        nameId: { value, format: 'persistent' },
        sessionIndex: '_1',
      })
      const found = async (entityId: string, name: string, at = now, role: 'sp' | 'idp' = 'sp') =>
        (await sessions.participating(role, entityId, name, at)).map(({ id }) => id)
      await sessions.create('s1', session({ sub: 'hedy' }))
      await sessions.create('s2', session({ sub: 'hedy', participants: [participant('urn:a', 'name')] }))
      const partners = Array.from({ length: 50 }, (_, index) => `urn:p${index}`)
      await Promise.all(partners.map((each) => sessions.join('s1', participant(each, 'name'), now)))
      await sessions.join('s1', participant('urn:a', 'name'), now)
      expect((await sessions.visit('s1', now))?.['participants']).toHaveLength(51)
      expect(await found('urn:a', 'name')).toEqual(['s1', 's2'])
      expect(await found('urn:p7', 'name')).toEqual(['s1'])
      expect(await found('urn:a', 'other')).toEqual([])
      expect(await found('urn:a', 'name', now, 'idp')).toEqual([])
      // Only the newest name of a partner counts.
      await sessions.join('s1', participant('urn:a', 'newer'), now)
      expect(await found('urn:a', 'name')).toEqual(['s2'])
      expect(await found('urn:a', 'newer')).toEqual(['s1'])
      await sessions.end('s1')
      expect(await found('urn:a', 'newer')).toEqual([])
      expect(await found('urn:a', 'name', now + 1_000_000)).toEqual([])
      await sessions.join('gone', participant('urn:a', 'name'), now)
      expect(await sessions.visit('gone', now)).toBeUndefined()
    })

    test('all sessions of a person end but one', async () => {
      for (const id of ['e1', 'e2', 'e3']) await sessions.create(id, session({ sub: 'emmy', sid: `sid ${id}` }))
      expect((await sessions.endAll('emmy', 'e2')).toSorted((a, b) => a.localeCompare(b))).toEqual(['sid e1', 'sid e3'])
      expect(await sessions.list('emmy', now)).toMatchObject([{ id: 'e2' }])
    })

    test('a visit is noted at most every five minutes', async () => {
      await sessions.create('f', session({ sub: 'fay' }))
      await sessions.visit('f', now + 299)
      expect(await sessions.visit('f', now + 299)).toMatchObject({ lastSeenAt: now })
      await sessions.visit('f', now + 300)
      expect(await sessions.visit('f', now + 301)).toMatchObject({ lastSeenAt: now + 300 })
    })

    test('fault F24 fault F20 the alarm deletes what has expired, and the rest outlives the object', async () => {
      await sessions.create('dead', session({ sub: 'gus', expiresAt: now - 1 }))
      await sessions.create('live', session({ sub: 'gus' }))
      await sessions.sweep()
      sessions = await killed(system, 'SESSION_STORE', 'of this test')
      expect(await sessions.list('gus', 0)).toMatchObject([{ id: 'live' }])
    })
  })

  describe('Throttle', () => {
    let throttle: Throttling
    const policy = { ...clientPolicy }
    beforeAll(async () => {
      throttle = await objectOf(system, 'THROTTLE', 'of this test')
    })

    test('attack L3 of a hundred parallel attempts only the free ones go on', async () => {
      const waits = await Promise.all(Array.from({ length: 100 }, () => throttle.attempt('a', policy, now)))
      expect(waits.filter((wait) => wait === 0)).toHaveLength(policy.free)
    })

    test('keys do not share a count, and a success clears it', async () => {
      expect(await throttle.attempt('b', policy, now)).toBe(0)
      expect(await throttle.attempt('a', policy, now)).toBe(2)
      await throttle.clear('a')
      expect(await throttle.attempt('a', policy, now)).toBe(0)
    })

    test('fault F20 a count outlives the object, and is forgotten after its memory', async () => {
      for (let i = 0; i < policy.free; i++) await throttle.attempt('c', policy, now)
      throttle = await killed(system, 'THROTTLE', 'of this test')
      expect(await throttle.attempt('c', policy, now)).toBe(2)
      expect(await throttle.attempt('c', policy, now + policy.memory)).toBe(0)
    })

    test('fault F24 the alarm deletes what may be forgotten', async () => {
      await throttle.attempt('dead', policy, now - policy.memory - 10)
      await throttle.attempt('live', policy, now)
      await throttle.sweep()
      const rows = await throttle.sql("SELECT key FROM attempts WHERE key IN ('dead', 'live')")
      expect(rows).toEqual([{ key: 'live' }])
    })
  })
})
