import { beforeAll, describe, expect, test } from 'vitest'
import type { Carrier } from './carrier.ts'

/** What every carrier has to do, whatever is behind it. */
export function carrierConformance(name: string, make: () => Promise<Carrier>): void {
  describe(`${name} as a carrier`, () => {
    const now = Math.floor(Date.now() / 1000)
    let carrier: Carrier
    beforeAll(async () => {
      carrier = await make()
    })

    test('a key that was never written is a miss', async () => {
      expect(await carrier.get('never')).toBeUndefined()
    })

    test('a value comes back as it was written, whatever is in it', async () => {
      const values = ['', 'text', '{"a":"ü\\u0000"}', '\u{1f511}'.repeat(100), 'x'.repeat(60_000)]
      for (const [index, value] of values.entries()) {
        await carrier.put(`value-${index}`, value, now + 3600, now)
        expect(await carrier.get(`value-${index}`)).toBe(value)
      }
    })

    test('keys do not meet, also where one begins like the other', async () => {
      await carrier.put('key', 'a', undefined, now)
      await carrier.put('key-2', 'b', undefined, now)
      await carrier.put('KEY', 'c', undefined, now)
      expect([await carrier.get('key'), await carrier.get('key-2'), await carrier.get('KEY')]).toEqual(['a', 'b', 'c'])
    })

    test('a value of a minute is accepted, also when it expires sooner or has expired', async () => {
      await carrier.put('short', 'a', now + 1, now)
      await carrier.put('late', 'b', now - 5, now)
      expect(await carrier.get('short')).toBe('a')
    })

    test('a deleted key is a miss, and may be deleted again', async () => {
      await carrier.put('gone', 'a', undefined, now)
      await carrier.delete('gone')
      await carrier.delete('gone')
      expect(await carrier.get('gone')).toBeUndefined()
    })

    test('a hundred parallel callers see what each of them wrote', async () => {
      const keys = Array.from({ length: 100 }, (_, index) => `parallel-${index}`)
      await Promise.all(keys.map((key) => carrier.put(key, `of ${key}`, now + 3600, now)))
      expect(await Promise.all(keys.map((key) => carrier.get(key)))).toEqual(keys.map((key) => `of ${key}`))
    })
  })
}
