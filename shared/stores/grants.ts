import { type OAuthError, invalidClient, invalidGrant, unavailable } from '../protocol/error.ts'
import type { Client } from '../protocol/client.ts'
import { type Grant, parseGrant } from '../protocol/grant.ts'
import type { Carrier } from './carrier.ts'
import type { ClientKnowledge } from './durable-objects/client-standings.ts'
import type { GrantLedger, LedgerRefusal } from './durable-objects/grant-ledger.ts'
import { shard } from './shards.ts'

/** Thrown when the ledger knows a newer record of the client: read it again, authenticate again, and repeat. */
export class StaleClient extends Error {}

/**
 * Grants and what became of them. KV carries the record, the ledger decides. Guarantee: `claim` succeeds once per
 * code and `rotate` once per generation; with KV stale, empty or down the ledger's own copy serves.
 */
export class Grants {
  readonly #ledger: DurableObjectNamespace<GrantLedger>
  readonly #carrier: Carrier

  /** @param carrier where the record is looked for before the ledger is asked for its copy. */
  constructor(ledger: DurableObjectNamespace<GrantLedger>, carrier: Carrier) {
    this.#ledger = ledger
    this.#carrier = carrier
  }

  /** What was granted, not yet whether it still counts. */
  async find(at: { shard: number; id: string }): Promise<Grant | undefined> {
    const carried = readRecord(await this.#carrier.get(at.id), at.id, 'carrier')
    return carried ?? readRecord(await decided(shard(this.#ledger, at.shard).read(at.id)), at.id, 'ledger')
  }

  /** Keeps the record of a grant for refreshes. */
  async carry(id: string, grant: Grant, expiresAt: number, now: number): Promise<void> {
    await this.#carrier.put(id, JSON.stringify(grant), expiresAt, now)
  }

  /** @throws OAuthError invalid_grant unless this call is the one that redeems the code. */
  async claim(
    at: { shard: number; id: string },
    redemptionId: string,
    client: Client,
    lifetimes: { tokensUntil: number; refreshUntil: number | undefined },
    now: number,
  ): Promise<void> {
    const refusal = await decidedOnRetry(() =>
      shard(this.#ledger, at.shard).claim(at.id, redemptionId, knowledge(client), lifetimes, now),
    )
    if (refusal) throw refused(refusal)
  }

  /** @throws OAuthError invalid_grant unless the token is the newest of its family, or the one before within the grace. */
  async rotate(
    at: { shard: number; id: string; generation: number },
    client: Client,
    lifetimes: { tokensUntil: number; refreshUntil: number },
    now: number,
  ): Promise<{ generation: number; expiresAt: number }> {
    const result = await decidedOnRetry(() =>
      shard(this.#ledger, at.shard).rotate(at.id, at.generation, knowledge(client), lifetimes, now),
    )
    if (result.refusal) throw refused(result.refusal)
    return { generation: result.generation, expiresAt: result.expiresAt }
  }

  async burn(at: { shard: number; id: string }, clientId: string, now: number): Promise<void> {
    await decided(shard(this.#ledger, at.shard).burn(at.id, clientId, now))
  }
}

/** A ledger that cannot be reached has decided nothing: the caller is told to come again. */
export async function decided<T>(call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    throw unavailable(error)
  }
}

/**
 * The same for calls that give the same answer when they are repeated: an object that died may have decided before,
 * so it is asked a second time. An overloaded one is not: asking again is what overloads it.
 */
export async function decidedOnRetry<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (!isFlagged(error, 'retryable') || isFlagged(error, 'overloaded')) throw unavailable(error)
    return decided(call())
  }
}

/** Workers mark errors of Durable Objects with properties of their own. */
function isFlagged(error: unknown, flag: 'retryable' | 'overloaded'): boolean {
  return typeof error === 'object' && error !== null && Reflect.get(error, flag) === true
}

/** A record that cannot be read counts as absent; which one it was is for the operator to find. */
function readRecord(text: string | undefined, id: string, source: 'carrier' | 'ledger'): Grant | undefined {
  const grant = parseGrant(text)
  if (text !== undefined && !grant) console.warn(JSON.stringify({ level: 'warn', event: 'bad_record', source, id }))
  return grant
}

/** What the ledger is told about the client as the caller knows it. */
export function knowledge(client: Client): ClientKnowledge {
  return { clientId: client.client_id, revision: client.revision }
}

/** The ledger's refusal in the words of the token endpoint. */
export function refused(why: LedgerRefusal): OAuthError | StaleClient {
  if (why === 'stale') return new StaleClient()
  if (why === 'stopped') return invalidClient('authentication failed', 'the client is disabled')
  return invalidGrant('the grant is invalid, expired or revoked', why)
}
