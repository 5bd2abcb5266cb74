import { describe, expect, test } from 'vitest'
import {
  type KeyTimes,
  currentKey,
  departure,
  jwksMaxAge,
  jwksStaleWhileRevalidate,
  keyState,
  leaseSeconds,
  nextKey,
  publicationLead,
  switchTime,
} from './key-life-cycle.ts'

function key(kid: string, times: Partial<KeyTimes> = {}): KeyTimes {
  return { kid, alg: 'ES256', createdAt: 0, signsFrom: undefined, leavesAt: undefined, ...times }
}

describe('the life of a key', () => {
  const keys = [
    key('old', { signsFrom: 100, leavesAt: 4000 }),
    key('now', { signsFrom: 300 }),
    key('later', { createdAt: 50 }),
    key('last', { createdAt: 60 }),
    key('other', { alg: 'RS256', signsFrom: 350 }),
  ]

  test('the key that started last signs, per algorithm', () => {
    expect(currentKey(keys, 'ES256', 299)?.kid).toBe('old')
    expect(currentKey(keys, 'ES256', 300)?.kid).toBe('now')
    expect(currentKey(keys, 'RS256', 1000)?.kid).toBe('other')
    expect(currentKey(keys, 'PS256', 1000)).toBeUndefined()
  })

  test('a clock behind the first start gets the first key instead of none', () => {
    expect(currentKey(keys, 'ES256', 99)?.kid).toBe('old')
    expect(keyState(key('old', { signsFrom: 100 }), keys, 99)).toBe('current')
    expect(nextKey(keys, 'ES256', 99)?.kid).toBe('now')
  })

  test('of two that started in one second, the one that is not leaving signs', () => {
    const both = [key('a', { signsFrom: 100 }), key('b', { signsFrom: 100, leavesAt: 200 })]
    expect(currentKey(both, 'ES256', 100)?.kid).toBe('a')
    expect(currentKey(both.toReversed(), 'ES256', 100)?.kid).toBe('a')
  })

  test('the planned key comes next, else the one published longest', () => {
    expect(nextKey(keys, 'ES256', 400)?.kid).toBe('later')
    expect(nextKey([...keys, key('planned', { createdAt: 70, signsFrom: 900 })], 'ES256', 400)?.kid).toBe('planned')
    expect(nextKey([key('now', { signsFrom: 1 })], 'ES256', 2)).toBeUndefined()
  })

  test('states follow from the time alone', () => {
    const stateAt = (kid: string, now: number) => {
      const found = keys.find((each) => each.kid === kid)
      return found && keyState(found, keys, now)
    }
    expect(stateAt('now', 299)).toBe('next')
    expect(stateAt('now', 300)).toBe('current')
    expect(stateAt('old', 300)).toBe('retiring')
    expect(stateAt('old', 4000)).toBe('gone')
    expect(stateAt('later', 10_000)).toBe('next')
  })

  test('a key is published longer before it signs than any copy of the key set may be old', () => {
    expect(publicationLead).toBeGreaterThanOrEqual(jwksMaxAge + jwksStaleWhileRevalidate + 2 * leaseSeconds)
    expect(switchTime(key('next', { createdAt: 1000 }), 1000, false)).toBe(1000 + publicationLead)
    expect(switchTime(key('next', { createdAt: 1000 }), 90_000, false)).toBe(90_000)
    expect(switchTime(key('next', { createdAt: 1000 }), 1000, true)).toBe(1000)
  })

  test('a key stays published as long as the last token that a late lease signed', () => {
    expect(departure(1000, 3600)).toBe(1000 + leaseSeconds + 3600)
  })
})
