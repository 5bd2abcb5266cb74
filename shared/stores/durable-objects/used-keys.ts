/** What may be used once and was: `jti`s, revoked tokens, message ids. A table of GrantLedger. Times are seconds. */
export class UsedKeys {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec('CREATE TABLE IF NOT EXISTS used (key TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) WITHOUT ROWID')
  }

  /** True for the first caller with this key, false for every later one until it expires. */
  once(key: string, expiresAt: number): boolean {
    return this.#sql.exec('INSERT OR IGNORE INTO used VALUES (?, ?)', key, expiresAt).rowsWritten > 0
  }

  has(key: string): boolean {
    return this.#sql.exec('SELECT 1 FROM used WHERE key = ?', key).toArray().length > 0
  }

  removeExpired(now: number): void {
    this.#sql.exec('DELETE FROM used WHERE expires_at <= ?', now)
  }
}
