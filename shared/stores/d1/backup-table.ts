/** Rows that a backup takes and puts back, of whatever holds them. */
export interface BackupRows {
  /** In the order of their row ids, after `after`; each names its own. */
  exportRows(after: number, limit: number): Promise<{ readonly rowid?: number }[]>
  /** Adds rows or puts them in place of those of the same key. Answers how many were written. */
  importRows(rows: readonly unknown[]): Promise<number>
}

/** The tables about people that a backup holds, each with its columns, the key first. Clients have their own export. */
const tables: Readonly<Record<string, string>> = {
  users: 'sub,username,username_key,email,email_key,email_verified,claims,disabled,created_at,updated_at',
  credentials: 'sub,type,secret,updated_at',
  consents: 'sub,client_id,scope,resources,granted_at',
}

/** A table about people, row by row as it is; undefined for any other. */
export function backupTable(db: D1Database, table: string): BackupRows | undefined {
  const names = tables[table]?.split(',')
  if (!names) return undefined
  return {
    async exportRows(after, limit) {
      const statement = db.prepare(`SELECT rowid, * FROM ${table} WHERE rowid > ? ORDER BY rowid LIMIT ?`)
      return (await statement.bind(after, limit).all<{ rowid: number }>()).results
    },
    /**
     * All or none, but for a person whose address or user name is somebody else's now, and what belongs to a person
     * who is not there.
     */
    async importRows(rows) {
      const isUsers = table === 'users'
      const condition = isUsers
        ? `NOT EXISTS (SELECT 1 FROM users WHERE sub <> value->>'sub' AND
           (email_key = value->>'email_key' OR username_key = value->>'username_key'))`
        : "value->>'sub' IN (SELECT sub FROM users)"
      const values = names.map((name) => `value->>'${name}'`).join()
      const changes = names.map((name) => `${name}=excluded.${name}`).join()
      const statement = db.prepare(
        `INSERT INTO ${table} (${names.join()}) SELECT ${values} FROM json_each(?)
         WHERE ${condition} ON CONFLICT (${names.slice(0, isUsers ? 1 : 2).join()}) DO UPDATE SET ${changes}`,
      )
      return (await statement.bind(JSON.stringify(rows)).run()).meta.changes
    },
  }
}
