import type { Carrier } from '../carrier.ts'

/** Cloudflare refuses shorter lives; the record itself holds the real expiry. Seconds. */
const shortestLife = 60

/** A KV that does not answer in this time counts as a miss: somebody waits at a sign-in page. Milliseconds. */
const patience = 1000

/** What is used of a KV namespace. */
export interface KeyValue {
  get(key: string): Promise<string | null>
  put(key: string, value: string, options: { expirationTtl?: number }): Promise<void>
  delete(key: string): Promise<void>
}

/** Workers KV as a carrier. */
export class KvCarrier implements Carrier {
  readonly #namespace: KeyValue

  constructor(namespace: KeyValue) {
    this.#namespace = namespace
  }

  async get(key: string): Promise<string | undefined> {
    return (await withPatience(this.#namespace.get(key))) ?? undefined
  }

  async put(key: string, value: string, expiresAt: number | undefined, now: number): Promise<void> {
    const options = expiresAt === undefined ? {} : { expirationTtl: Math.max(shortestLife, expiresAt - now) }
    await withPatience(this.#namespace.put(key, value, options))
  }

  async delete(key: string): Promise<void> {
    await withPatience(this.#namespace.delete(key))
  }
}

async function withPatience<T>(operation: Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const expiry = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), patience)
  })
  try {
    return await Promise.race([operation, expiry])
  } catch (error) {
    console.warn(JSON.stringify({ level: 'warn', event: 'kv_failed', reason: String(error) }))
    return undefined
  } finally {
    clearTimeout(timer)
  }
}
