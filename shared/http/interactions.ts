import type { Keyring } from '../keys/keyring.ts'
import { tooManyRequests } from '../protocol/error.ts'
import { handleHash, randomId } from '../protocol/handle.ts'
import { addressKey } from '../protocol/throttling.ts'
import type { PendingRequests } from '../stores/durable-objects/pending-requests.ts'
import { decided } from '../stores/grants.ts'
import { randomShard, shard } from '../stores/shards.ts'

/**
 * Something a person has begun and we wait for: a sign-in for a client, for a SAML partner, for the account page, or a
 * sign-out.
 */
export interface Interaction {
  readonly v: 1
  readonly purpose: 'authorize' | 'account' | 'logout' | 'saml' | 'saml_logout' | 'saml_away' | 'saml_back'
  /** The client's request as it came; a SAML partner's as it was read. */
  readonly params: readonly (readonly [string, string])[]
  /** The pushed request it came from, to be spent when the code is issued. */
  readonly pushed?: string
  /** The browser it belongs to; absent until the browser comes back from a cross-site post. */
  readonly browser?: string
  /** Seconds. */
  readonly startedAt: number
  /** The session that the person signed in with or chose. */
  readonly session?: string
  /** The person signed in after the interaction began. */
  readonly signedIn?: boolean
  /** The person chose the account. */
  readonly chosen?: boolean
  /** The person allowed what is asked. */
  readonly consented?: boolean
  /** The person does not want to sign in; only a SAML partner learns of it after the page. */
  readonly declined?: boolean
  /** What the sign-in page calls the SAML partner. */
  readonly clientName?: string
}

export interface StoredInteraction {
  /** What the page carries. */
  readonly handle: string
  readonly record: Interaction
}

/** Where the browser goes on with an interaction once somebody has signed in. */
export function resumeAddress({ handle, record }: StoredInteraction): string {
  if (record.purpose === 'account') return record.params[0]?.[1] ?? '/account'
  const path = record.purpose === 'saml' ? '/saml/idp/continue' : '/authorize'
  return `${path}?${new URLSearchParams({ interaction: handle })}`
}

/** A person may leave a sign-in page open for this long. Seconds. */
const lifetime = 3600

/** Interactions under way, in PendingRequests under the hash of their handle. */
export class Interactions {
  readonly #keyring: Keyring
  readonly #pending: DurableObjectNamespace<PendingRequests>
  readonly #rate: RateLimit

  constructor(keyring: Keyring, pending: DurableObjectNamespace<PendingRequests>, rate: RateLimit) {
    this.#keyring = keyring
    this.#pending = pending
    this.#rate = rate
  }

  /** @throws OAuthError too_many_requests for an address that begins more of them than people do: each is stored. */
  async start(request: Request, record: Interaction, now: number): Promise<StoredInteraction> {
    const address = addressKey(request.headers.get('cf-connecting-ip') ?? '')
    if (!(await this.#rate.limit({ key: `address:${address}` })).success) throw tooManyRequests(60)
    const at = { shard: randomShard(), expiresAt: now + lifetime }
    const handle = await this.#keyring.mint({ kind: 'interaction', generation: 0, id: randomId(), ...at }, now)
    await this.#put(handle, at, record)
    return { handle, record }
  }

  /** Undefined for one that expired, was finished or never existed. */
  async find(text: string | undefined, now: number): Promise<StoredInteraction | undefined> {
    const handle = text === undefined ? undefined : await this.#keyring.open('interaction', text, now)
    if (!handle || text === undefined) return undefined
    const stored = await decided(shard(this.#pending, handle.shard).get(await handleHash(text), now))
    return stored === undefined ? undefined : { handle: text, record: JSON.parse(stored) }
  }

  async update(stored: StoredInteraction, change: Partial<Interaction>, now: number): Promise<StoredInteraction> {
    const record = { ...stored.record, ...change }
    const handle = await this.#keyring.open('interaction', stored.handle, now)
    if (handle) await this.#put(stored.handle, handle, record)
    return { handle: stored.handle, record }
  }

  /** True for the one caller that may finish it. */
  async finish(stored: StoredInteraction, now: number): Promise<boolean> {
    const handle = await this.#keyring.open('interaction', stored.handle, now)
    if (!handle) return false
    const taken = await decided(shard(this.#pending, handle.shard).take(await handleHash(stored.handle), now))
    return taken !== undefined
  }

  async #put(handle: string, at: { shard: number; expiresAt: number }, record: Interaction): Promise<void> {
    await decided(shard(this.#pending, at.shard).put(await handleHash(handle), JSON.stringify(record), at.expiresAt))
  }
}
