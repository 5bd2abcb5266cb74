import { type Client, displayName } from '../../protocol/client.ts'
import { parseClient } from '../clients.ts'
import { answered, containing } from './answered.ts'
import type { AuditEvent } from './audit-log.ts'
import type { AuditTrail } from './audit-trail.ts'

/**
 * The clients table, for changing. Guarantee: each change is one transaction with its audit row, and replaces exactly
 * the revision it was made from, so that no parallel change is lost.
 */
export class D1ClientRegistry {
  readonly #db: D1Database
  readonly #audit: AuditTrail

  constructor(db: D1Database, audit: AuditTrail) {
    this.#db = db
    this.#audit = audit
  }

  async find(clientId: string): Promise<Client | undefined> {
    const statement = this.#db.prepare('SELECT record FROM clients WHERE client_id = ?').bind(clientId)
    return parseClient((await answered(statement.first<string>('record'))) ?? undefined)
  }

  /** In the order of their ids, after `after`. */
  async list(search: string | undefined, after: string, limit: number): Promise<Client[]> {
    const statement = this.#db
      .prepare(
        `SELECT record FROM clients WHERE client_id > ?1
         AND (?2 IS NULL OR client_id LIKE ?2 ESCAPE '\\' OR name LIKE ?2 ESCAPE '\\') ORDER BY client_id LIMIT ?3`,
      )
      .bind(after, search === undefined ? null : containing(search), limit)
    const { results } = await answered(statement.all<{ record: string }>())
    return results.flatMap(({ record }) => parseClient(record) ?? [])
  }

  /** @throws OAuthError already_exists */
  async insert(client: Client, event: AuditEvent): Promise<void> {
    const statement = this.#db
      .prepare('INSERT INTO clients (client_id, name, record, revision) VALUES (?, ?, ?, ?)')
      .bind(client.client_id, displayName(client), JSON.stringify(client), client.revision)
    const batch = this.#db.batch([statement, this.#audit.withChange(event)])
    await answered(batch, 'there is a client of this client_id')
  }

  /** False if the client is no longer at `revision`: somebody else changed it meanwhile. */
  async replace(client: Client, revision: number, event: AuditEvent): Promise<boolean> {
    const statement = this.#db
      .prepare('UPDATE clients SET name = ?, record = ?, revision = ? WHERE client_id = ? AND revision = ?')
      .bind(displayName(client), JSON.stringify(client), client.revision, client.client_id, revision)
    const [changed] = await answered(this.#db.batch([statement, this.#audit.withChange(event)]))
    return (changed?.meta.changes ?? 0) > 0
  }

  /** Deletes the client and what people consented to for it. False if there was none. */
  async delete(clientId: string, event: AuditEvent): Promise<boolean> {
    const [, deleted] = await answered(
      this.#db.batch([
        this.#db.prepare('DELETE FROM consents WHERE client_id = ?').bind(clientId),
        this.#db.prepare('DELETE FROM clients WHERE client_id = ?').bind(clientId),
        this.#audit.withChange(event),
      ]),
    )
    return (deleted?.meta.changes ?? 0) > 0
  }
}
