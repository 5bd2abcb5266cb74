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

/** An operator, or the holder of a bootstrap key that has not been admitted yet. */
export interface Admissible extends Operator {
  /** Who is admitted by it: the first operator, or one who starts over in the place of all others. */
  readonly admission?: 'bootstrap' | 'recover'
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
    sql.exec('CREATE TABLE IF NOT EXISTS removed_operators (kid TEXT PRIMARY KEY) WITHOUT ROWID')
  }

  /** In the order they were added. */
  list(): Operator[] {
    return this.#sql.exec<Row>('SELECT * FROM operators ORDER BY created_at, kid').toArray().map(operatorOf)
  }

  find(kid: string): Operator | undefined {
    return this.#sql.exec<Row>('SELECT * FROM operators WHERE kid = ?', kid).toArray().map(operatorOf)[0]
  }

  /** A key that was removed stays out until an operator adds it again: a bootstrap key counts once. */
  wasRemoved(kid: string): boolean {
    return this.#sql.exec('SELECT kid FROM removed_operators WHERE kid = ?', kid).toArray().length > 0
  }

  add(operator: Operator): Operator {
    this.#sql.exec('DELETE FROM removed_operators WHERE kid = ?', operator.kid)
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
    this.#forget(kid)
    return 'removed'
  }

  /** Puts one operator in the place of all others. */
  startOver(operator: Operator): Operator {
    for (const { kid } of this.list()) this.#forget(kid)
    return this.add(operator)
  }

  #forget(kid: string): void {
    this.#sql.exec('DELETE FROM operators WHERE kid = ?', kid)
    this.#sql.exec('INSERT OR IGNORE INTO removed_operators VALUES (?)', kid)
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
