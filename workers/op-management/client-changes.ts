import type { Client, ClientMetadata } from '../../shared/protocol/client.ts'
import { OAuthError, unavailable } from '../../shared/protocol/error.ts'
import type { Carrier } from '../../shared/stores/carrier.ts'
import type { AuditEvent } from '../../shared/stores/d1/audit-log.ts'
import type { D1ClientRegistry } from '../../shared/stores/d1/client-registry.ts'
import type { GrantLedger } from '../../shared/stores/durable-objects/grant-ledger.ts'
import { decided } from '../../shared/stores/grants.ts'
import { allShards } from '../../shared/stores/shards.ts'

/** Parallel changes of one client take turns; more than this many in a row is a storm. */
const turns = 8

/**
 * Changes to clients, with everything that follows: the row in D1, the copy in KV, the word to every shard of the
 * ledger. Guarantee: whoever redeems or opens a grant sees the change as soon as the call has succeeded; a call that
 * failed may be repeated.
 */
export class ClientChanges {
  readonly #registry: D1ClientRegistry
  readonly #carrier: Carrier
  readonly #ledger: DurableObjectNamespace<GrantLedger>

  constructor(registry: D1ClientRegistry, carrier: Carrier, ledger: DurableObjectNamespace<GrantLedger>) {
    this.#registry = registry
    this.#carrier = carrier
    this.#ledger = ledger
  }

  /**
   * @param name a chosen one may be that of a deleted client, whom the ledger then has to let in again; a random one
   * is new, and nobody waits for it.
   * @throws OAuthError already_exists
   */
  async create(client: Omit<Client, 'revision'>, name: 'random' | 'chosen', event: AuditEvent): Promise<Client> {
    const created = { ...client, revision: event.time }
    await this.#registry.insert(created, event)
    await this.#carry(created, event)
    if (name === 'chosen') await this.#announce(created, created.disabled)
    return created
  }

  /**
   * Replaces a client by what `change` makes of its latest record.
   * @throws OAuthError not_found
   */
  async change(
    clientId: string,
    event: AuditEvent,
    change: (client: Client) => Client | Promise<Client>,
  ): Promise<Client> {
    for (let turn = 0; turn < turns; turn++) {
      const before = await this.#registry.find(clientId)
      if (!before) throw noSuchClient()
      const after = { ...(await change(before)), revision: Math.max(event.time, before.revision + 1) }
      if (!(await this.#registry.replace(after, before.revision, event))) continue
      await this.#carry(after, event)
      await this.#announce(after, after.disabled)
      return after
    }
    throw unavailable('the client is being changed by many at once')
  }

  /**
   * Deletes a client with its grants. It is stopped first, so that a call that failed half-way left nothing usable
   * and can be repeated.
   * @throws OAuthError not_found
   */
  async delete(clientId: string, event: AuditEvent): Promise<void> {
    const client = await this.#registry.find(clientId)
    if (!client) throw noSuchClient()
    await this.#announce({ ...client, revision: Math.max(event.time, client.revision + 1) }, true)
    await this.#endGrants(clientId, event)
    if (!(await this.#registry.delete(clientId, event))) throw noSuchClient()
    await this.#carrier.delete(clientId)
  }

  async #carry(client: Client, event: AuditEvent): Promise<void> {
    await this.#carrier.put(client.client_id, JSON.stringify(client), undefined, seconds(event))
  }

  async #announce(client: Client, stopped: boolean): Promise<void> {
    const knowledge = { clientId: client.client_id, revision: client.revision }
    await decided(Promise.all(allShards(this.#ledger).map((ledger) => ledger.announceClient(knowledge, stopped))))
  }

  async #endGrants(clientId: string, event: AuditEvent): Promise<void> {
    await decided(Promise.all(allShards(this.#ledger).map((ledger) => ledger.revokeAll({ clientId }, seconds(event)))))
  }
}

/** What stays of a client when its metadata is replaced. */
export function identityOf(client: Client): Omit<Client, keyof ClientMetadata> {
  const { v, client_id, client_id_issued_at, secrets, disabled, revision } = client
  return { v, client_id, client_id_issued_at, secrets, disabled, revision, ...registrationOf(client) }
}

/** The hash of the registration access token, where the client has one. */
export function registrationOf({ registration_token_hash: hash }: { readonly registration_token_hash?: string }) {
  return hash === undefined ? {} : { registration_token_hash: hash }
}

export function noSuchClient(): OAuthError {
  return new OAuthError('not_found', 'there is no such client')
}

function seconds(event: AuditEvent): number {
  return Math.floor(event.time / 1000)
}
