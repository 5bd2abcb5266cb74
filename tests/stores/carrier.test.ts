import { afterAll, describe, expect, test, vi } from 'vitest'
import type { Carrier } from '../../shared/stores/carrier.ts'
import { carrierConformance } from '../../shared/stores/conformance.ts'
import { type KeyValue, KvCarrier } from '../../shared/stores/kv/kv-carrier.ts'
import { sharedSystem, type System } from '../support/system.ts'

class MemoryCarrier implements Carrier {
  readonly #values = new Map<string, string>()

  async get(key: string): Promise<string | undefined> {
    return this.#values.get(key)
  }

  async put(key: string, value: string): Promise<void> {
    this.#values.set(key, value)
  }

  async delete(key: string): Promise<void> {
    this.#values.delete(key)
  }
}

function isKeyValue(value: unknown): value is KeyValue {
  return typeof value === 'object' && value !== null && 'get' in value
}

let system: System | undefined
afterAll(async () => system?.[Symbol.asyncDispose]())

carrierConformance('memory', async () => new MemoryCarrier())

for (const binding of ['CLIENTS', 'AUTH_CODES', 'REFRESH_TOKENS'])
  carrierConformance(`the KV namespace ${binding}`, async () => {
    system ??= await sharedSystem()
    const namespace = (await system.local.env('op-token'))[binding]
    if (!isKeyValue(namespace)) throw new Error(`there is no ${binding}`)
    // Calls from this process queue up; on a busy machine a hundred of them take longer than anybody would wait.
    return new KvCarrier(namespace, 30_000)
  })

describe('fault F26 a KV that is not well', () => {
  const failing: KeyValue = {
    get: () => Promise.reject(new Error('KV GET failed: 503 Service Unavailable')),
    put: () => Promise.reject(new Error('KV PUT failed: 429 Too Many Requests')),
    delete: () => Promise.reject(new Error('KV DELETE failed: 503')),
  }
  const hanging: KeyValue = {
    get: () => new Promise(() => undefined),
    put: () => new Promise(() => undefined),
    delete: () => new Promise(() => undefined),
  }

  test('one that fails is a miss and never an error', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    const carrier = new KvCarrier(failing)
    expect(await carrier.get('a')).toBeUndefined()
    await expect(carrier.put('a', 'b', undefined, 0)).resolves.toBeUndefined()
    await expect(carrier.delete('a')).resolves.toBeUndefined()
    expect(console.warn).toHaveBeenCalledTimes(3)
  })

  test('one that hangs is a miss after a second, and reading is then left alone for a while', async () => {
    const get = vi.fn(() => hanging.get(''))
    const carrier = new KvCarrier({ ...hanging, get })
    const started = performance.now()
    for (let i = 0; i < 20; i++) expect(await carrier.get('a')).toBeUndefined()
    await carrier.put('a', 'b', undefined, 0)
    expect(performance.now() - started).toBeLessThan(2500)
    expect(get).toHaveBeenCalledTimes(1)
  })

  test('a record never asks for a shorter life than KV allows', async () => {
    const put = vi.fn(() => Promise.resolve())
    const carrier = new KvCarrier({ ...failing, put })
    await carrier.put('a', 'b', 1010, 1000)
    await carrier.put('a', 'b', 5000, 1000)
    await carrier.put('a', 'b', undefined, 1000)
    expect(put.mock.calls.map((call: unknown[]) => call[2])).toEqual([
      { expirationTtl: 60 },
      { expirationTtl: 4000 },
      {},
    ])
  })
})
