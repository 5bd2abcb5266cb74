import type { Client } from '../protocol/client.ts'
import type { Carrier } from './carrier.ts'

/** Where the truth about clients is. Guarantee: a written client is read back at once. */
export interface ClientRecords {
  find(clientId: string): Promise<Client | undefined>
}

const cacheSeconds = 30
const cacheSize = 500

/**
 * Clients as Workers read them: kept in the isolate for 30 s, then from KV, and from D1 where KV misses or fails.
 * Guarantee: a change is seen within `cacheSeconds` plus KV's own delay; whatever must count sooner is announced
 * to the ledger, which then answers `stale`.
 */
export class Clients {
  readonly #carrier: Carrier
  readonly #records: ClientRecords
  readonly #cache = new Map<string, { client: Client; readAt: number }>()

  constructor(carrier: Carrier, records: ClientRecords) {
    this.#carrier = carrier
    this.#records = records
  }

  /** @param now seconds. */
  async find(clientId: string, now: number): Promise<Client | undefined> {
    const cached = this.#cache.get(clientId)
    if (cached && now - cached.readAt < cacheSeconds) return cached.client
    if (!isClientId(clientId)) return undefined
    const client = parseClient(await this.#carrier.get(clientId)) ?? (await this.#records.find(clientId))
    return this.#keep(clientId, client, now)
  }

  /** Reads past every cache. */
  async findLatest(clientId: string, now: number): Promise<Client | undefined> {
    return isClientId(clientId) ? this.#keep(clientId, await this.#records.find(clientId), now) : undefined
  }

  #keep(clientId: string, client: Client | undefined, now: number): Client | undefined {
    this.#cache.delete(clientId)
    if (client) {
      const oldest = this.#cache.size >= cacheSize ? this.#cache.keys().next().value : undefined
      if (oldest !== undefined) this.#cache.delete(oldest)
      this.#cache.set(clientId, { client, readAt: now })
    }
    return client
  }
}

/** Printable ASCII (RFC 6749 §A.1), short enough for a KV key. */
export function isClientId(text: string): boolean {
  return /^[\x21-\x7e]{1,200}$/.test(text)
}

/** Reads a stored record; undefined for text that no release of ours wrote. */
export function parseClient(text: string | undefined): Client | undefined {
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return isClient(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isClient(value: unknown): value is Client {
  return (
    typeof value === 'object' &&
    value !== null &&
    'client_id' in value &&
    typeof value.client_id === 'string' &&
    'redirect_uris' in value &&
    Array.isArray(value.redirect_uris) &&
    'secrets' in value &&
    Array.isArray(value.secrets)
  )
}
