/** Named values that an object remembers. */
export class Settings {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec('CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID')
  }

  get(name: string): string | undefined {
    return this.#sql.exec<{ value: string }>('SELECT value FROM settings WHERE name = ?', name).toArray()[0]?.value
  }

  set(name: string, value: string): string {
    this.#sql.exec('INSERT OR REPLACE INTO settings VALUES (?, ?)', name, value)
    return value
  }
}
