import type { Client } from '../protocol/client.ts'
import type { Grant } from '../protocol/grant.ts'
import type { Carrier } from './carrier.ts'
import type { GrantLedger } from './durable-objects/grant-ledger.ts'
import { decided, knowledge, refused } from './grants.ts'
import { shard } from './shards.ts'

/** Grants as they begin. Guarantee: what `open` has answered, the ledger can redeem, whatever becomes of KV. */
export class NewGrants {
  readonly #ledger: DurableObjectNamespace<GrantLedger>
  readonly #carrier: Carrier

  constructor(ledger: DurableObjectNamespace<GrantLedger>, carrier: Carrier) {
    this.#ledger = ledger
    this.#carrier = carrier
  }

  /**
   * Records a grant under the hash of its code, in the ledger and at the same time in KV.
   * @throws StaleClient, or OAuthError if the client is disabled.
   */
  async open(
    at: { shard: number; id: string; codeExpiresAt: number; offline: boolean },
    grant: Grant,
    client: Client,
    now: number,
  ): Promise<void> {
    const record = JSON.stringify(grant)
    const { id, codeExpiresAt, offline } = at
    const opening = decided(
      shard(this.#ledger, at.shard).open(
        { id, sub: grant.sub, sid: grant.sid, record, codeExpiresAt, offline },
        knowledge(client),
      ),
    )
    const [refusal] = await Promise.all([opening, this.#carrier.put(id, record, codeExpiresAt, now)])
    if (refusal) throw refused(refusal)
  }
}
