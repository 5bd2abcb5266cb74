import { describe, expect, test } from 'vitest'
import { newUserCode, shownUserCode, typedUserCode } from './user-code.ts'

describe('ASY-02 a user code', () => {
  test('has eight letters, none of them likelier than another', () => {
    const counts = new Map<string, number>()
    for (let round = 0; round < 5000; round++) {
      const code = newUserCode()
      expect(code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{8}$/)
      for (const letter of code) counts.set(letter, (counts.get(letter) ?? 0) + 1)
    }
    expect(counts.size).toBe(20)
    // 2000 of each are expected; six standard deviations are 262.
    for (const count of counts.values()) expect(Math.abs(count - 2000)).toBeLessThan(262)
  })

  test.each(['WDJBMJHT', 'wdjb-mjht', ' WDJB MJHT ', 'WDJB–MJHT', 'w d j b m j h t'])(
    'is read from %j (RFC 8628 §6.1)',
    (text) => {
      expect(typedUserCode(text)).toBe('WDJBMJHT')
    },
  )

  test.each(['', 'WDJBMJH', 'WDJBMJHTX', 'WDJBMJHA', 'WDJB1JHT', 'ＷＤＪＢＭＪＨＴ', 'W'.repeat(100_000)])(
    'is not read from %j',
    (text) => {
      expect(typedUserCode(text)).toBeUndefined()
    },
  )

  test('is shown in two halves', () => {
    expect(shownUserCode('WDJBMJHT')).toBe('WDJB-MJHT')
  })
})
