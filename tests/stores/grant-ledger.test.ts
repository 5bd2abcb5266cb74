import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withDoubles } from '../support/doubles.ts'
import { type Ledger, killed, objectOf } from '../support/durable-objects.ts'
import { type System, startSystem } from '../support/system.ts'

const now = 1_800_000_000
const client = { clientId: 'app', revision: 5 }
const lifetimes = { tokensUntil: now + 600, refreshUntil: now + 86_400 }

describe('GrantLedger on workerd', () => {
  let system: System
  let ledger: Ledger
  beforeAll(async () => {
    system = await startSystem({ transform: withDoubles('op-discovery') })
    ledger = await objectOf(system, 'GRANT_LEDGER', 'of this test')
  })
  afterAll(() => system[Symbol.asyncDispose]())

  /** A grant whose code is out. */
  async function opened(changes: Record<string, unknown> = {}): Promise<string> {
    const id = randomUUID()
    const grant = { id, sub: 'ada', sid: 'session', record: `record of ${id}`, codeExpiresAt: now + 60, offline: true }
    expect(await ledger.open({ ...grant, ...changes }, client)).toBeUndefined()
    return id
  }

  /** A grant whose code was redeemed. */
  async function claimed(changes: Record<string, unknown> = {}): Promise<string> {
    const id = await opened(changes)
    expect(await ledger.claim(id, 'first', client, lifetimes, now)).toBeUndefined()
    return id
  }

  describe('redeeming a code', () => {
    test('fault F32 attack O3 a hundred parallel claims have one winner, and the grant is gone', async () => {
      const id = await opened()
      const answers = await Promise.all(
        Array.from({ length: 100 }, (_, index) => ledger.claim(id, `r${index}`, client, lifetimes, now)),
      )
      expect(answers.filter((answer) => answer === undefined)).toHaveLength(1)
      expect(answers.filter((answer) => answer === 'replayed' || answer === 'revoked')).toHaveLength(99)
      expect(await ledger.tokenStanding('jti', id, 'app')).toBeUndefined()
    })

    test('fault F21 the same redemption gets the same answer, a hundred times, for half a minute', async () => {
      const id = await opened()
      const ask = (at: number) => ledger.claim(id, 'the one', client, lifetimes, at)
      expect(new Set(await Promise.all(Array.from({ length: 100 }, () => ask(now))))).toEqual(new Set([undefined]))
      expect(await ask(now + 30)).toBeUndefined()
      expect(await ledger.tokenStanding('jti', id, 'app')).toBe('ada')
      expect(await ask(now + 31)).toBe('replayed')
    })

    test('fault F24 an expired code is refused by the record, long before an alarm comes', async () => {
      const id = await opened()
      expect(await ledger.claim(id, 'r', client, lifetimes, now + 60)).toBe('expired')
      expect(await ledger.claim(id, 'r', client, lifetimes, now + 59)).toBeUndefined()
    })

    test('attack O2 a stranger changes nothing', async () => {
      const id = await opened()
      const stranger = { clientId: 'evil', revision: 1 }
      expect(await ledger.claim(id, 'r', stranger, lifetimes, now)).toBe('foreign')
      await ledger.burn(id, 'evil', now)
      expect(await ledger.claim(id, 'r', client, lifetimes, now)).toBeUndefined()
    })

    test('attack O4 a burnt code is spent, and so is what it gave before', async () => {
      const id = await opened()
      await ledger.burn(id, 'app', now)
      expect(await ledger.claim(id, 'r', client, lifetimes, now)).toBe('revoked')
      const used = await claimed()
      await ledger.burn(used, 'app', now)
      expect(await ledger.tokenStanding('jti', used, 'app')).toBeUndefined()
    })

    test('an unknown grant is unknown', async () => {
      expect(await ledger.claim('no such', 'r', client, lifetimes, now)).toBe('unknown')
      expect(await ledger.read('no such')).toBeUndefined()
    })
  })

  describe('rotating a refresh token', () => {
    test('attack R2 fault F32 a hundred parallel refreshes give one successor', async () => {
      const id = await claimed()
      const answers = await Promise.all(
        Array.from({ length: 100 }, () => ledger.rotate(id, 0, client, lifetimes, now + 5)),
      )
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
      expect(answers[0]).toMatchObject({ generation: 1, expiresAt: lifetimes.refreshUntil })
      expect(await ledger.refreshStanding(id, 1, now + 6)).toBe(`record of ${id}`)
    })

    test('attack R1 the token before the last ends the family, also within the grace', async () => {
      const id = await claimed()
      await ledger.rotate(id, 0, client, lifetimes, now)
      await ledger.rotate(id, 1, client, lifetimes, now + 1)
      expect(await ledger.rotate(id, 0, client, lifetimes, now + 2)).toMatchObject({ refusal: 'replayed' })
      expect(await ledger.rotate(id, 2, client, lifetimes, now + 3)).toMatchObject({ refusal: 'revoked' })
    })

    test('attack R1 the last one ends the family after the grace', async () => {
      const id = await claimed()
      await ledger.rotate(id, 0, client, lifetimes, now)
      expect(await ledger.rotate(id, 0, client, lifetimes, now + 30)).toMatchObject({ generation: 1 })
      expect(await ledger.rotate(id, 0, client, lifetimes, now + 31)).toMatchObject({ refusal: 'replayed' })
      expect(await ledger.tokenStanding('jti', id, 'app')).toBeUndefined()
    })

    test('a generation that was never handed out ends the family', async () => {
      const id = await claimed()
      expect(await ledger.rotate(id, 7, client, lifetimes, now)).toMatchObject({ refusal: 'replayed' })
    })

    test('TOK-10 a token that was not used for its life is expired', async () => {
      const id = await claimed()
      expect(await ledger.rotate(id, 0, client, lifetimes, lifetimes.refreshUntil)).toMatchObject({
        refusal: 'expired',
      })
    })

    test('a grant whose code was not redeemed has nothing to refresh', async () => {
      expect(await ledger.rotate(await opened(), 0, client, lifetimes, now)).toMatchObject({ refusal: 'unknown' })
    })
  })

  describe('stopping', () => {
    test('XCT-06 a change of the client is known at once: older records are stale, a stopped client is stopped', async () => {
      const knowing = (revision: number) => ({ clientId: 'changing', revision })
      const id = randomUUID()
      const grant = { id, sub: 'ada', record: 'r', codeExpiresAt: now + 60, offline: false }
      expect(await ledger.open(grant, knowing(5))).toBeUndefined()
      await ledger.announceClient(knowing(6), false)
      expect(await ledger.claim(id, 'r', knowing(5), lifetimes, now)).toBe('stale')
      expect(await ledger.open({ ...grant, id: 'other' }, knowing(5))).toBe('stale')
      await ledger.announceClient(knowing(4), true)
      expect(await ledger.claim(id, 'r', knowing(6), lifetimes, now)).toBeUndefined()
      await ledger.announceClient(knowing(7), true)
      expect(await ledger.tokenStanding('jti', id, 'changing')).toBeUndefined()
      expect(await ledger.rotate(id, 0, knowing(9), lifetimes, now)).toMatchObject({ refusal: 'stopped' })
    })

    test('attack R3 the grants of a person, a session or a client end together; offline ones may be spared', async () => {
      const offline = await claimed({ sub: 'grace', sid: 'g1' })
      const online = await claimed({ sub: 'grace', sid: 'g1', offline: false })
      const other = await claimed({ sub: 'linus', sid: 'l1' })
      expect(await ledger.revokeAll({ sid: 'g1', keepOffline: true }, now)).toBe(1)
      expect(await ledger.tokenStanding('j', online, 'app')).toBeUndefined()
      expect(await ledger.tokenStanding('j', offline, 'app')).toBe('grace')
      expect(await ledger.revokeAll({ sub: 'grace' }, now)).toBe(1)
      expect(await ledger.tokenStanding('j', offline, 'app')).toBeUndefined()
      expect(await ledger.tokenStanding('j', other, 'app')).toBe('linus')
      expect(await ledger.revokeAll({}, now)).toBe(0)
    })

    test('revoking is heard once, and a single token can be stopped', async () => {
      const id = await claimed()
      await ledger.revokeToken('one', now + 600)
      expect(await ledger.tokenStanding('one', id, 'app')).toBeUndefined()
      expect(await ledger.tokenStanding('two', id, 'app')).toBe('ada')
      expect(await ledger.tokenStanding('two', id, 'evil')).toBeUndefined()
      expect([await ledger.revoke(id, now), await ledger.revoke(id, now)]).toEqual([true, false])
    })
  })

  test('attack C5 fault F32 of a hundred uses of a key one is the first', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => ledger.once('jti', now + 60)))
    expect(answers.filter(Boolean)).toHaveLength(1)
  })

  test('an opaque token is read until it expires', async () => {
    await ledger.keepToken('opaque', undefined, '{"a":1}', now + 60)
    expect(await ledger.token('opaque', now + 59)).toBe('{"a":1}')
    expect(await ledger.token('opaque', now + 60)).toBeUndefined()
  })

  test('fault F20 what was decided outlives the object', async () => {
    const id = await claimed()
    ledger = await killed(system, 'GRANT_LEDGER', 'of this test')
    expect(await ledger.claim(id, 'second', client, lifetimes, now)).toBe('replayed')
  })

  test('fault F24 the alarm deletes what has expired and nothing else, however often it comes', async () => {
    const past = Math.floor(Date.now() / 1000) - 10_000
    const alive = await opened({ codeExpiresAt: Math.floor(Date.now() / 1000) + 60 })
    const dead = await opened({ codeExpiresAt: past })
    await ledger.once('dead key', past)
    await ledger.once('live key', now * 2)
    await ledger.keepToken('dead token', undefined, '{}', past)
    await ledger.sweep()
    await ledger.sweep()
    expect(await ledger.read(dead)).toBeUndefined()
    expect(await ledger.read(alive)).toBe(`record of ${alive}`)
    expect(await ledger.token('dead token', 0)).toBeUndefined()
    expect([await ledger.once('dead key', now * 2), await ledger.once('live key', now * 2)]).toEqual([true, false])
    expect(await ledger.alarmAt()).toBeGreaterThan(Date.now())
  })
})
