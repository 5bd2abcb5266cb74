import type { GrantLedger } from '../../shared/stores/durable-objects/grant-ledger.ts'
import type { SessionListing, SessionStore } from '../../shared/stores/durable-objects/session-store.ts'
import { decided } from '../../shared/stores/grants.ts'
import { allShards } from '../../shared/stores/shards.ts'

/** Ends what a person has open, on every shard. Guarantee: a call that succeeded left nothing; a repetition is harmless. */
export class SignOut {
  readonly #sessions: DurableObjectNamespace<SessionStore>
  readonly #ledger: DurableObjectNamespace<GrantLedger>

  constructor(sessions: DurableObjectNamespace<SessionStore>, ledger: DurableObjectNamespace<GrantLedger>) {
    this.#sessions = sessions
    this.#ledger = ledger
  }

  /** How many sessions and grants ended. */
  async everywhere(sub: string, now: number): Promise<{ sessions: number; grants: number }> {
    // Sessions first: one that lives on could open a new grant.
    const sessions = await decided(Promise.all(allShards(this.#sessions).map((store) => store.endAll(sub))))
    const grants = await this.endGrants({ sub }, now)
    return { sessions: sessions.flat().length, grants }
  }

  async endGrants(of: { sub?: string | undefined; clientId?: string | undefined }, now: number): Promise<number> {
    const counts = await decided(Promise.all(allShards(this.#ledger).map((ledger) => ledger.revokeAll(of, now))))
    return counts.reduce((sum, count) => sum + count, 0)
  }

  /** Newest first. */
  async sessions(sub: string, now: number): Promise<SessionListing[]> {
    const lists = await decided(Promise.all(allShards(this.#sessions).map((store) => store.list(sub, now))))
    return lists.flat().toSorted((a, b) => b.createdAt - a.createdAt)
  }
}
