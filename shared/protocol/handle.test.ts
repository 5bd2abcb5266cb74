import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { handleKinds } from '../topology.ts'
import { type Handle, handleHash, mintHandle, never, openHandle, randomId } from './handle.ts'

function hmac(fill: number): Promise<CryptoKey> {
  const bytes = new Uint8Array(32).fill(fill)
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
}

const keys = new Map([[1, await hmac(1)]])
const now = 1_800_000_000
const fields = { kind: 'code', shard: 5, expiresAt: now + 60, generation: 0, id: randomId() } as const satisfies Handle

describe('handles', () => {
  test('give back what they were made from, whatever it is', async () => {
    const handle = fc.record({
      kind: fc.constantFrom(...handleKinds),
      shard: fc.integer({ min: 0, max: 0xffff }),
      expiresAt: fc.integer({ min: now + 1, max: never }),
      generation: fc.integer({ min: 0, max: 0xffffffff }),
      id: fc.constant('').map(randomId),
    })
    await fc.assert(
      fc.asyncProperty(handle, async (each) => {
        const text = await mintHandle(keys, each)
        expect(text).toMatch(/^[\w-]{60}$/)
        expect(await openHandle(keys, each.kind, text, now)).toEqual(each)
      }),
    )
  })

  test('the same fields give the same text, another generation another one', async () => {
    const text = await mintHandle(keys, fields)
    expect(await mintHandle(keys, { ...fields })).toBe(text)
    expect(await mintHandle(keys, { ...fields, generation: 1 })).not.toBe(text)
  })

  test('an expired handle is refused, at the very second', async () => {
    const text = await mintHandle(keys, fields)
    expect(await openHandle(keys, 'code', text, now + 59)).toEqual(fields)
    expect(await openHandle(keys, 'code', text, now + 60)).toBeUndefined()
  })

  test('a handle of another kind is refused', async () => {
    const text = await mintHandle(keys, fields)
    for (const kind of handleKinds)
      expect((await openHandle(keys, kind, text, now))?.kind).toBe(kind === 'code' ? kind : undefined)
  })

  test('AUT-10 every single changed bit is noticed', async () => {
    const bytes = Buffer.from(await mintHandle(keys, fields), 'base64url')
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const forged = Buffer.from(bytes)
      forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(await openHandle(keys, 'code', forged.toString('base64url'), now)).toBeUndefined()
    }
  })

  test('another key, or a key id that nobody has, opens nothing', async () => {
    const text = await mintHandle(keys, fields)
    expect(await openHandle(new Map([[1, await hmac(2)]]), 'code', text, now)).toBeUndefined()
    expect(await openHandle(new Map([[2, await hmac(1)]]), 'code', text, now)).toBeUndefined()
  })

  test('the newest key mints and the older one still opens', async () => {
    const both = new Map([...keys, [2, await hmac(2)] as const])
    const old = await mintHandle(keys, fields)
    const fresh = await mintHandle(both, fields)
    expect(fresh).not.toBe(old)
    expect(await openHandle(both, 'code', old, now)).toEqual(fields)
    expect(await openHandle(keys, 'code', fresh, now)).toBeUndefined()
  })

  test('forged shard ids: ten thousand random texts open nothing', async () => {
    for (let i = 0; i < 10_000; i++) {
      const text = Buffer.from(crypto.getRandomValues(new Uint8Array(45)))
      text[0] = 1
      text[1] = 0
      text[2] = 1
      expect(await openHandle(keys, 'code', text.toString('base64url'), now)).toBeUndefined()
    }
  })

  test('any text at all is answered, never thrown at', async () => {
    const text = fc.oneof(fc.string(), fc.string({ minLength: 60, maxLength: 60 }), fc.base64String())
    await fc.assert(
      fc.asyncProperty(text, async (each) => {
        expect(await openHandle(keys, 'code', each, now)).toBeUndefined()
      }),
    )
  })

  test('storage keeps 128 bits of a hash', async () => {
    const text = await mintHandle(keys, fields)
    expect(await handleHash(text)).toMatch(/^[\w-]{22}$/)
    expect(await handleHash(text)).not.toContain(text.slice(0, 10))
  })
})
