import type { D1Database, D1PreparedStatement } from '@cloudflare/workers-types'
import { unavailable } from '../../protocol/error.ts'
import { type User, lookupKey } from '../users.ts'

type Row = {
  sub: string
  username: string | null
  email: string
  email_verified: number
  claims: string
  disabled: number
  created_at: number
  updated_at: number
}

/** People, for reading. Guarantee: what was written is read at once, since D1 has one writer and we read from it. */
export class D1Users {
  readonly #db: D1Database

  constructor(db: D1Database) {
    this.#db = db
  }

  async find(sub: string): Promise<User | undefined> {
    return this.#first(this.#db.prepare('SELECT * FROM users WHERE sub = ?').bind(sub))
  }

  /** By user name or e-mail address, whatever the case. */
  async findByIdentifier(identifier: string): Promise<User | undefined> {
    const key = lookupKey(identifier)
    const column = key.includes('@') ? 'email_key' : 'username_key'
    return this.#first(this.#db.prepare(`SELECT * FROM users WHERE ${column} = ?`).bind(key))
  }

  /** The stored password hash, a PHC string, or undefined. */
  async password(sub: string): Promise<string | undefined> {
    try {
      const statement = this.#db.prepare("SELECT secret FROM credentials WHERE sub = ? AND type = 'password'").bind(sub)
      return (await statement.first<string>('secret')) ?? undefined
    } catch (error) {
      throw unavailable(error)
    }
  }

  async setPassword(sub: string, hash: string, now: number): Promise<void> {
    try {
      await this.#db
        .prepare("INSERT OR REPLACE INTO credentials (sub, type, secret, updated_at) VALUES (?, 'password', ?, ?)")
        .bind(sub, hash, now)
        .run()
    } catch (error) {
      throw unavailable(error)
    }
  }

  async #first(statement: D1PreparedStatement): Promise<User | undefined> {
    try {
      const row = await statement.first<Row>()
      return row ? userOf(row) : undefined
    } catch (error) {
      throw unavailable(error)
    }
  }
}

export function userOf(row: Row): User {
  const claims: Record<string, unknown> = JSON.parse(row.claims)
  return {
    sub: row.sub,
    username: row.username ?? undefined,
    email: row.email,
    emailVerified: row.email_verified === 1,
    claims,
    disabled: row.disabled === 1,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
