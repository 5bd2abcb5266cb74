import type { D1Database, D1PreparedStatement } from '@cloudflare/workers-types'
import { OAuthError } from '../../protocol/error.ts'
import { type User, lookupKey } from '../users.ts'
import { answered, containing } from './answered.ts'
import type { AuditEvent } from './audit-log.ts'
import type { AuditTrail } from './audit-trail.ts'
import { userOf } from './users.ts'

export interface ListedUser extends User {
  readonly hasPassword: boolean
}

/** Absent members stay as they are. */
export interface UserChanges {
  /** Null removes it. */
  readonly username?: string | null
  readonly email?: string
  readonly emailVerified?: boolean
  /** Null members are removed. */
  readonly claims?: Readonly<Record<string, unknown>>
  readonly disabled?: boolean
}

type Row = Parameters<typeof userOf>[0] & { has_password: number; email_key: string }

const select = `SELECT users.*, EXISTS (SELECT 1 FROM credentials WHERE credentials.sub = users.sub AND type = 'password')
  AS has_password FROM users`

const taken = 'there is a person of this e-mail address or user name'

/**
 * People, for changing. Guarantee: each change is one transaction with its audit row; no two people share a user name
 * or an address in any spelling.
 */
export class D1UserDirectory {
  readonly #db: D1Database
  readonly #audit: AuditTrail

  constructor(db: D1Database, audit: AuditTrail) {
    this.#db = db
    this.#audit = audit
  }

  /** By `sub`, user name or e-mail address. */
  async find(id: string): Promise<ListedUser | undefined> {
    const key = lookupKey(id)
    const statement = this.#db
      .prepare(
        `${select} WHERE users.sub = ?1 OR username_key = ?2 OR email_key = ?2 ORDER BY users.sub = ?1 DESC LIMIT 1`,
      )
      .bind(id, key)
    const row = await answered(statement.first<Row>())
    return row ? listed(row) : undefined
  }

  /** In the order of their addresses; `cursor` of the last one continues. */
  async list(
    search: string | undefined,
    after: string,
    limit: number,
  ): Promise<{ users: ListedUser[]; cursor: string }> {
    const statement = this.#db
      .prepare(
        `${select} WHERE email_key > ?1 AND (?2 IS NULL OR email_key LIKE ?2 ESCAPE '\\'
         OR username_key LIKE ?2 ESCAPE '\\' OR json_extract(claims, '$.name') LIKE ?2 ESCAPE '\\' OR users.sub = ?3)
         ORDER BY email_key LIMIT ?4`,
      )
      .bind(after, search === undefined ? null : containing(lookupKey(search)), search ?? null, limit)
    const { results } = await answered(statement.all<Row>())
    return { users: results.map(listed), cursor: results.at(-1)?.email_key ?? '' }
  }

  /** @throws OAuthError already_exists */
  async insert(user: User, passwordHash: string | undefined, event: AuditEvent): Promise<void> {
    await answered(this.#db.batch([...this.#insertion(user, passwordHash), this.#audit.withChange(event)]), taken)
  }

  /**
   * Adds a person unless the address or the name is taken; true if added. Without an audit row: an import is one event.
   */
  async insertIfMissing(user: User, passwordHash: string | undefined): Promise<boolean> {
    try {
      await answered(this.#db.batch(this.#insertion(user, passwordHash)), taken)
      return true
    } catch (error) {
      if (error instanceof OAuthError && error.code === 'already_exists') return false
      throw error
    }
  }

  /**
   * Changes only what is named, so that parallel changes do not undo each other.
   * @throws OAuthError already_exists, not_found
   */
  async update(sub: string, changes: UserChanges, now: number, event: AuditEvent): Promise<void> {
    const { username, email, emailVerified, claims, disabled } = changes
    const columns: [string, string | number | null][] = [['updated_at = ?', now]]
    if (username !== undefined)
      columns.push(['username = ?', username], ['username_key = ?', username === null ? null : lookupKey(username)])
    if (email !== undefined) columns.push(['email = ?', email], ['email_key = ?', lookupKey(email)])
    if (emailVerified !== undefined) columns.push(['email_verified = ?', emailVerified ? 1 : 0])
    if (claims !== undefined) columns.push(['claims = json_patch(claims, ?)', JSON.stringify(claims)])
    if (disabled !== undefined) columns.push(['disabled = ?', disabled ? 1 : 0])
    const statement = this.#db
      .prepare(`UPDATE users SET ${columns.map(([assignment]) => assignment).join(', ')} WHERE sub = ?`)
      .bind(...columns.map(([, value]) => value), sub)
    await this.#changed([statement], event)
  }

  /** Disables a person without an event of its own, as the first step of a larger one. */
  async stop(sub: string, now: number): Promise<void> {
    const statement = this.#db.prepare('UPDATE users SET disabled = 1, updated_at = ? WHERE sub = ?').bind(now, sub)
    await answered(statement.run())
  }

  /** @throws OAuthError not_found */
  async setPassword(sub: string, hash: string, now: number, event: AuditEvent): Promise<void> {
    const statement = this.#db
      .prepare("INSERT OR REPLACE INTO credentials SELECT sub, 'password', ?, ? FROM users WHERE sub = ?")
      .bind(hash, now, sub)
    await this.#changed([statement], event)
  }

  /** Removes the person with credentials and consents. @throws OAuthError not_found */
  async delete(sub: string, event: AuditEvent): Promise<void> {
    await this.#changed(
      [
        this.#db.prepare('DELETE FROM credentials WHERE sub = ?').bind(sub),
        this.#db.prepare('DELETE FROM consents WHERE sub = ?').bind(sub),
        this.#db.prepare('DELETE FROM users WHERE sub = ?').bind(sub),
      ],
      event,
    )
  }

  async #changed(statements: D1PreparedStatement[], event: AuditEvent): Promise<void> {
    const results = await answered(this.#db.batch([...statements, this.#audit.withChange(event)]), taken)
    if ((results[statements.length - 1]?.meta.changes ?? 0) === 0)
      throw new OAuthError('not_found', 'there is no such person')
  }

  #insertion(user: User, passwordHash: string | undefined): D1PreparedStatement[] {
    const person = userInsertion(this.#db, user)
    if (passwordHash === undefined) return [person]
    const credential = this.#db
      .prepare("INSERT INTO credentials (sub, type, secret, updated_at) VALUES (?, 'password', ?, ?)")
      .bind(user.sub, passwordHash, user.createdAt)
    return [person, credential]
  }
}

function listed(row: Row): ListedUser {
  return { ...userOf(row), hasPassword: row.has_password === 1 }
}

/** The statement that adds a person; it fails for an address or a user name that is taken. */
export function userInsertion(db: D1Database, user: User): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO users (username, username_key, email, email_key, email_verified, claims, disabled, created_at,
       updated_at, sub) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .bind(
      user.username ?? null,
      user.username === undefined ? null : lookupKey(user.username),
      user.email,
      lookupKey(user.email),
      user.emailVerified ? 1 : 0,
      JSON.stringify(user.claims),
      user.disabled ? 1 : 0,
      user.createdAt,
      user.updatedAt,
      user.sub,
    )
}
