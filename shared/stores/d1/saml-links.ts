import type { D1Database } from '@cloudflare/workers-types'
import { OAuthError } from '../../protocol/error.ts'
import type { User } from '../users.ts'
import { answered } from './answered.ts'
import { type AuditEvent, auditInsert, auditValues } from './audit-log.ts'
import { userInsertion } from './user-directory.ts'

/** Somebody as an identity provider names them (SAML Core §2.2.2). */
export interface ForeignId {
  readonly entityId: string
  readonly format: string
  readonly nameId: string
}

/** Who people of identity providers are here. Guarantee: one identifier leads to one person, whoever links first. */
export class D1SamlLinks {
  readonly #db: D1Database

  constructor(db: D1Database) {
    this.#db = db
  }

  /** The person's `sub`. */
  async find({ entityId, format, nameId }: ForeignId): Promise<string | undefined> {
    const statement = this.#db
      .prepare('SELECT sub FROM saml_links WHERE entity_id = ? AND format = ? AND name_id = ?')
      .bind(entityId, format, nameId)
    return (await answered(statement.first<string>('sub'))) ?? undefined
  }

  /** Links an identifier that leads to nobody yet; answers whom it leads to now. `now` in seconds. */
  async link({ entityId, format, nameId }: ForeignId, sub: string, now: number): Promise<string> {
    const statement = this.#db
      .prepare(
        `INSERT INTO saml_links (entity_id, format, name_id, sub, linked_at) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (entity_id, format, name_id) DO UPDATE SET linked_at = linked_at RETURNING sub`,
      )
      .bind(entityId, format, nameId, sub, now)
    return (await answered(statement.first<string>('sub'))) ?? sub
  }

  /**
   * Adds a person together with their identifier, so that whoever finds the one finds the other. False if the address
   * or the identifier is taken.
   */
  async create({ entityId, format, nameId }: ForeignId, user: User, event: AuditEvent): Promise<boolean> {
    const link = this.#db
      .prepare('INSERT INTO saml_links (entity_id, format, name_id, sub, linked_at) VALUES (?, ?, ?, ?, ?)')
      .bind(entityId, format, nameId, user.sub, user.createdAt)
    const recorded = this.#db.prepare(auditInsert).bind(...auditValues(event))
    try {
      await answered(this.#db.batch([userInsertion(this.#db, user), link, recorded]), 'somebody was faster')
      return true
    } catch (error) {
      if (error instanceof OAuthError && error.code === 'already_exists') return false
      throw error
    }
  }

  /** The identity providers that somebody is linked to. */
  async of(sub: string): Promise<{ readonly entityId: string; readonly linkedAt: number }[]> {
    const statement = this.#db
      .prepare('SELECT entity_id, linked_at FROM saml_links WHERE sub = ? ORDER BY linked_at')
      .bind(sub)
    const { results } = await answered(statement.all<{ entity_id: string; linked_at: number }>())
    return results.map((row) => ({ entityId: row.entity_id, linkedAt: row.linked_at }))
  }
}
