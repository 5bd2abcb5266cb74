/** Claims of access tokens that carry none themselves. A table of GrantLedger. Times are seconds. */
export class OpaqueTokens {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(`CREATE TABLE IF NOT EXISTS tokens (
      id TEXT PRIMARY KEY, grant_id TEXT, claims TEXT NOT NULL, expires_at INTEGER NOT NULL) WITHOUT ROWID`)
  }

  keep(id: string, grantId: string | undefined, claims: string, expiresAt: number): void {
    this.#sql.exec('INSERT OR REPLACE INTO tokens VALUES (?, ?, ?, ?)', id, grantId ?? null, claims, expiresAt)
  }

  /** The claims, or undefined once it has expired. */
  find(id: string, now: number): string | undefined {
    return this.#sql
      .exec<{ claims: string }>('SELECT claims FROM tokens WHERE id = ? AND expires_at > ?', id, now)
      .toArray()[0]?.claims
  }

  removeExpired(now: number): void {
    this.#sql.exec('DELETE FROM tokens WHERE expires_at <= ?', now)
  }

  removeAll(): void {
    this.#sql.exec('DELETE FROM tokens')
  }
}
