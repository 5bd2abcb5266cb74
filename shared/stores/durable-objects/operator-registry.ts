import type { JWK } from 'jose'

/** Who may call the admin API. Times are seconds. */
export interface Operator {
  /** Thumbprint of the public key (RFC 7638). */
  readonly kid: string
  readonly name: string
  readonly publicKey: JWK
  readonly createdAt: number
  readonly expiresAt: number | undefined
}

type Row = { kid: string; name: string; public_key: string; created_at: number; expires_at: number | null }

/** The table of operators in KeyManager. */
export class OperatorRegistry {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(`CREATE TABLE IF NOT EXISTS operators (
      kid TEXT PRIMARY KEY, name TEXT NOT NULL, public_key TEXT NOT NULL,
      created_at INTEGER NOT NULL, expires_at INTEGER) WITHOUT ROWID`)
  }

  /** In the order they were added. */
  list(): Operator[] {
    return this.#sql.exec<Row>('SELECT * FROM operators ORDER BY created_at, kid').toArray().map(operatorOf)
  }

  find(kid: string): Operator | undefined {
    return this.#sql.exec<Row>('SELECT * FROM operators WHERE kid = ?', kid).toArray().map(operatorOf)[0]
  }

  add(operator: Operator): Operator {
    this.#sql.exec(
      `INSERT INTO operators VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (kid) DO UPDATE SET name = excluded.name, expires_at = excluded.expires_at`,
      operator.kid,
      operator.name,
      JSON.stringify(operator.publicKey),
      operator.createdAt,
      operator.expiresAt ?? null,
    )
    return operator
  }

  /** Refuses to remove the last operator, since nobody could add one again. */
  remove(kid: string): 'removed' | 'unknown' | 'last' {
    if (!this.find(kid)) return 'unknown'
    if (this.list().length === 1) return 'last'
    this.#sql.exec('DELETE FROM operators WHERE kid = ?', kid)
    return 'removed'
  }
}

function operatorOf(row: Row): Operator {
  return {
    kid: row.kid,
    name: row.name,
    publicKey: JSON.parse(row.public_key),
    createdAt: row.created_at,
    expiresAt: row.expires_at ?? undefined,
  }
}
