import { answered } from './answered.ts'

/** The tables about people that a backup holds, each with its columns; the key comes first. Clients have an export. */
const tables: Readonly<Record<string, string>> = {
  users: 'sub,username,username_key,email,email_key,email_verified,claims,disabled,created_at,updated_at',
  credentials: 'sub,type,secret,updated_at',
  consents: 'sub,client_id,scope,resources,granted_at',
}

export type BackupRow = Readonly<Record<string, unknown>>

export function isBackupTable(table: string): boolean {
  return Object.hasOwn(tables, table)
}

/** Tables as a backup reads and writes them, row by row as they are. */
export class BackupTables {
  readonly #db: D1Database

  constructor(db: D1Database) {
    this.#db = db
  }

  /** In the order of their row ids, after `after`; each row names its own in `rowid`. */
  async read(table: string, after: number, limit: number): Promise<BackupRow[]> {
    const statement = this.#db.prepare(`SELECT rowid, * FROM ${table} WHERE rowid > ? ORDER BY rowid LIMIT ?`)
    return (await answered(statement.bind(after, limit).all<BackupRow>())).results
  }

  /**
   * Adds rows or puts them in place of those of the same key, all or none. Left out is a person whose address or user
   * name is somebody else's now, and what belongs to a person who is not there. Answers how many were written.
   */
  async write(table: string, rows: readonly BackupRow[]): Promise<number> {
    const names = (tables[table] ?? '').split(',')
    const key = table === 'users' ? 'sub' : names.slice(0, 2)
    const condition =
      table === 'users'
        ? `NOT EXISTS (SELECT 1 FROM users WHERE sub <> value->>'sub'
           AND (email_key = value->>'email_key' OR username_key = value->>'username_key'))`
        : "value->>'sub' IN (SELECT sub FROM users)"
    const statement = this.#db.prepare(
      `INSERT INTO ${table} (${names}) SELECT ${names.map((name) => `value->>'${name}'`)} FROM json_each(?)
       WHERE ${condition} ON CONFLICT (${key}) DO UPDATE SET ${names.map((name) => `${name}=excluded.${name}`)}`,
    )
    return (await answered(statement.bind(JSON.stringify(rows)).run())).meta.changes
  }
}
