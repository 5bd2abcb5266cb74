import type { Keyring } from '../../shared/keys/keyring.ts'
import { handleHash, randomId } from '../../shared/protocol/handle.ts'
import type { GrantLedger } from '../../shared/stores/durable-objects/grant-ledger.ts'
import type { PendingRequests } from '../../shared/stores/durable-objects/pending-requests.ts'
import { decided } from '../../shared/stores/grants.ts'
import { randomShard, shard } from '../../shared/stores/shards.ts'

export interface PushedRequest {
  readonly clientId: string
  readonly params: readonly (readonly [string, string])[]
}

const prefix = 'urn:ietf:params:oauth:request_uri:'

/** An interaction may outlive the request it came from; until then its use is remembered. Seconds. */
const longestInteraction = 7200

/** Whether a `request_uri` is of the kind that we hand out. */
export function isPushedRequestUri(requestUri: string): boolean {
  return requestUri.startsWith(prefix)
}

/** Pushed authorization requests, RFC 9126. Guarantee: each is completed once, by the client that pushed it. */
export class PushedRequests {
  readonly #keyring: Keyring
  readonly #pending: DurableObjectNamespace<PendingRequests>
  readonly #ledger: DurableObjectNamespace<GrantLedger>
  readonly #rate: RateLimit
  /** Seconds. */
  readonly lifetime: number

  constructor(
    keyring: Keyring,
    pending: DurableObjectNamespace<PendingRequests>,
    ledger: DurableObjectNamespace<GrantLedger>,
    rate: RateLimit,
    lifetime: number,
  ) {
    this.#keyring = keyring
    this.#pending = pending
    this.#ledger = ledger
    this.#rate = rate
    this.lifetime = lifetime
  }

  /** Whether a client may push one more: each push is stored. */
  async isWithinRate(clientId: string): Promise<boolean> {
    return (await this.#rate.limit({ key: clientId })).success
  }

  /** Keeps a request; answers its `request_uri`. */
  async push(request: PushedRequest, now: number): Promise<string> {
    const at = { shard: randomShard(), expiresAt: now + this.lifetime }
    const handle = await this.#keyring.mint({ kind: 'request_uri', generation: 0, id: randomId(), ...at }, now)
    const id = await handleHash(handle)
    await decided(shard(this.#pending, at.shard).put(id, JSON.stringify(request), at.expiresAt))
    return `${prefix}${handle}`
  }

  /** The request, which stays until it is completed: a person may reload the page (RFC 9126 §4). */
  async find(requestUri: string, now: number): Promise<PushedRequest | undefined> {
    const handle = await this.#keyring.open('request_uri', requestUri.slice(prefix.length), now)
    if (!handle) return undefined
    const id = await handleHash(requestUri.slice(prefix.length))
    const stored = await decided(shard(this.#pending, handle.shard).get(id, now))
    return stored === undefined ? undefined : JSON.parse(stored)
  }

  /** True for the first completion, false ever after. */
  async complete(requestUri: string, now: number): Promise<boolean> {
    const text = requestUri.slice(prefix.length)
    const id = await handleHash(text)
    // The interaction may end after the request expired, so the shard is read without asking for the time.
    const handle = await this.#keyring.open('request_uri', text, now - longestInteraction)
    if (!handle) return false
    const first = await decided(shard(this.#ledger, handle.shard).once(`par:${id}`, now + longestInteraction))
    await decided(shard(this.#pending, handle.shard).take(id, now))
    return first
  }
}
