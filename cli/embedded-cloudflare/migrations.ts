import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from './database.ts'

/** The same table that wrangler keeps, so that either may apply the next migration. */
const RECORD = `CREATE TABLE IF NOT EXISTS d1_migrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`

/** Applies the .sql files of a folder that were not applied yet, in the order of their names; returns their names. */
export async function applyMigrations(database: Database, folder: string): Promise<string[]> {
  await database.prepare(RECORD).run()
  const { results } = await database.prepare('SELECT name FROM d1_migrations').all()
  const applied = new Set(results.map(({ name }) => name))
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
