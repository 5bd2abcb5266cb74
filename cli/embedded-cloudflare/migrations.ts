import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What of a D1 database is needed here; the one in a Worker and miniflare's proxy both have it. */
export interface Database {
  prepare(sql: string): Statement
  batch(statements: Statement[]): Promise<unknown>
}

interface Statement {
  bind(...values: unknown[]): Statement
  all(): Promise<{ results: unknown[] }>
}

/** The same table that wrangler keeps, so that either may apply the next migration. */
const RECORD = `CREATE TABLE IF NOT EXISTS d1_migrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`

/** Applies the .sql files of a folder that were not applied yet, in the order of their names; returns their names. */
export async function applyMigrations(database: Database, folder: string): Promise<string[]> {
  await database.prepare(RECORD).all()
  const { results } = await database.prepare('SELECT name FROM d1_migrations').all()
  const applied = new Set(results.map(nameOf))
  const pending = readdirSync(folder)
    .filter((file) => file.endsWith('.sql') && !applied.has(file))
    .toSorted()
  for (const file of pending) {
    // A batch is one transaction: half a migration is never left behind.
    await database.batch([
      database.prepare(readFileSync(join(folder, file), 'utf8')),
      database.prepare('INSERT INTO d1_migrations (name) VALUES (?)').bind(file),
    ])
  }
  return pending
}

function nameOf(row: unknown): unknown {
  return typeof row === 'object' && row !== null && 'name' in row ? row.name : undefined
}
