import type { Carrier } from '../carrier.ts'

/** Cloudflare refuses shorter lives; the record itself holds the real expiry. Seconds. */
const shortestLife = 60

/** A KV that does not answer in this time counts as a miss: somebody waits at a sign-in page. Milliseconds. */
const usualPatience = 1000

/** After that, reading is left alone for a while, or every request of an outage would wait. Milliseconds. */
const rest = 5000

/** What is used of a KV namespace. */
export interface KeyValue {
  get(key: string): Promise<string | null>
  put(key: string, value: string, options: { expirationTtl?: number }): Promise<void>
  delete(key: string): Promise<void>
}

/** Workers KV as a carrier. */
export class KvCarrier implements Carrier {
  readonly #namespace: KeyValue
  readonly #patience: number
  #restsUntil = 0

  constructor(namespace: KeyValue, patience = usualPatience) {
    this.#namespace = namespace
    this.#patience = patience
  }

  async get(key: string): Promise<string | undefined> {
    if (Date.now() < this.#restsUntil) return undefined
    const late = () => {
      this.#restsUntil = Date.now() + rest
    }
    return (await this.#withPatience(this.#namespace.get(key), late)) ?? undefined
  }

  async put(key: string, value: string, expiresAt: number | undefined, now: number): Promise<void> {
    const options = expiresAt === undefined ? {} : { expirationTtl: Math.max(shortestLife, expiresAt - now) }
    await this.#withPatience(this.#namespace.put(key, value, options))
  }

  async delete(key: string): Promise<void> {
    await this.#withPatience(this.#namespace.delete(key))
  }

  async #withPatience<T>(operation: Promise<T>, onLate?: () => void): Promise<T | undefined> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const expiry = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => {
        onLate?.()
        resolve(undefined)
      }, this.#patience)
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
}
