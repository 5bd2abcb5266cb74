import * as v from 'valibot'
import { Anything, ImportedClientsAnswer } from '../admin/answers.ts'
import type { AdminClient } from '../admin/client.ts'
import { query } from '../admin/query.ts'
import { batches, tablePaths } from './contents.ts'

type Row = Record<string, unknown>

const RowsAnswer = v.looseObject({
  rows: v.array(v.record(v.string(), v.unknown())),
  nextCursor: v.nullable(v.string()),
})
const RestoredAnswer = v.looseObject({ restored: v.number() })

/** A call's body may have 64 KiB. */
const ROWS = { items: 100, bytes: 48_000 }
/** Each client is announced to every shard of the ledger, and a call may make so many calls of its own. */
const CLIENTS = { items: 20, bytes: 48_000 }

/** Every row of a table, or every key, page by page. */
export async function readRows(api: AdminClient, table: keyof typeof tablePaths): Promise<Row[]> {
  const rows: Row[] = []
  for (let cursor: string | undefined; ;) {
    const path = `${tablePaths[table]}${query({ limit: '100', cursor })}`
    const page: v.InferOutput<typeof RowsAnswer> = await api.get(path, RowsAnswer)
    rows.push(...page.rows.map(withoutRowId))
    if (page.nextCursor === null) return rows
    cursor = page.nextCursor
  }
}

/** Puts rows back; answers how many were. A repetition changes nothing more. */
export async function writeRows(
  api: AdminClient,
  table: keyof typeof tablePaths,
  rows: readonly Row[],
): Promise<number> {
  let restored = 0
  for (const batch of batches(rows, ROWS)) {
    restored += (await api.put(tablePaths[table], { rows: batch }, RestoredAnswer)).restored
  }
  return restored
}

/** Puts clients back; those that are as they were stay. */
export async function writeClients(api: AdminClient, clients: readonly object[]): Promise<number> {
  for (const batch of batches(clients, CLIENTS))
    await api.post('/imports/clients', { clients: batch }, ImportedClientsAnswer)
  return clients.length
}

/** Ends every session, grant and token. */
export async function startEpoch(api: AdminClient): Promise<void> {
  await api.post('/epoch', {}, Anything)
}

/** Where a row lies is the database's business. */
function withoutRowId(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([name]) => name !== 'rowid'))
}
