import { describe, expect, test } from 'vitest'
import { type Attempts, accountPolicy, addressKey, addressPolicy, clientPolicy, nextAttempt } from './throttling.ts'

const none: Attempts = { count: 0, lastAt: 0 }

/** How many attempts are let through in a stretch of time by somebody who tries every second. */
function allowed(policy: typeof accountPolicy, seconds: number): number {
  let attempts = none
  let count = 0
  for (let now = 1000; now < 1000 + seconds; now++) {
    const next = nextAttempt(attempts, policy, now)
    attempts = next.attempts
    if (next.wait === 0) count++
  }
  return count
}

describe('throttling', () => {
  test('the free attempts cost nothing, then the wait doubles up to the longest', () => {
    let attempts = none
    let now = 1000
    const waits: number[] = []
    for (let i = 0; i < 20; i++) {
      const next = nextAttempt(attempts, accountPolicy, now)
      waits.push(next.wait)
      now += next.wait
      attempts = nextAttempt(attempts, accountPolicy, now).attempts
    }
    expect(waits).toEqual([0, 0, 0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900, 900, 900])
  })

  test('a free attempt does not wait for one that began a second later and was counted before it', () => {
    const before = { count: 1, lastAt: 1001 }
    expect(nextAttempt(before, accountPolicy, 1000)).toEqual({ wait: 0, attempts: { count: 2, lastAt: 1001 } })
  })

  test('attempts that come too early are not counted, and the wait shrinks as time goes', () => {
    const before = { count: 7, lastAt: 1000 }
    expect(nextAttempt(before, accountPolicy, 1001)).toEqual({ wait: 7, attempts: before })
    expect(nextAttempt(before, accountPolicy, 1008)).toEqual({ wait: 0, attempts: { count: 8, lastAt: 1008 } })
  })

  test('a guesser gets few tries an hour, and a count of any size does not overflow', () => {
    expect(allowed(accountPolicy, 3600)).toBeLessThanOrEqual(18)
    expect(allowed(addressPolicy, 3600)).toBeLessThanOrEqual(65)
    expect(allowed(clientPolicy, 3600)).toBeLessThanOrEqual(40)
    expect(nextAttempt({ count: 5000, lastAt: 1000 }, accountPolicy, 1000).wait).toBe(900)
  })

  test('CLA-04 twenty wrong client secrets are free', () => {
    expect(nextAttempt({ count: 19, lastAt: 1000 }, clientPolicy, 1000).wait).toBe(0)
    expect(nextAttempt({ count: 20, lastAt: 1000 }, clientPolicy, 1000).wait).toBe(2)
  })

  test.each([
    ['198.51.100.7', '198.51.100.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::6', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002:ffff::', '2001:db8:1:2::/64'],
    ['::1', '0:0:0:0::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['', ''],
  ])('the address %s counts as %s', (address, key) => {
    expect(addressKey(address)).toBe(key)
  })
})
