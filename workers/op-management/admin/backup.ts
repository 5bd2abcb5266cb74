import * as v from 'valibot'
import { OAuthError } from '../../../shared/protocol/error.ts'
import { isBackupTable } from '../../../shared/stores/d1/backup-tables.ts'
import { decided } from '../../../shared/stores/grants.ts'
import type { AdminCall } from './call.ts'
import { nextCursor, pageOf } from './page.ts'

const Rows = v.object({ rows: v.array(v.record(v.string(), v.unknown())) })

/** Rows of a table about people as they are, or the private keys: with these whoever has them can sign tokens. */
export async function exportRows(call: AdminCall): Promise<Response> {
  const table = tableOf(call)
  if (table === 'keys') {
    const rows = await call.effect(() => decided(call.deps.keyManager().exportKeys(call.now)))
    return call.answer({ rows, nextCursor: null })
  }
  const { limit, after } = pageOf(call)
  const rows = await call.deps.backup.read(table, Number(after), limit)
  return call.answer({ rows, nextCursor: nextCursor(rows.length === limit, String(rows.at(-1)?.['rowid'])) })
}

export async function importRows(call: AdminCall): Promise<Response> {
  const table = tableOf(call)
  const { rows } = call.body(Rows)
  const write = () =>
    table === 'keys' ? decided(call.deps.keyManager().importKeys(rows, call.now)) : call.deps.backup.write(table, rows)
  return call.answer({ restored: await call.effect(write) })
}

/** Ends every session, grant and token, so that a restore that follows revives none of them (fault F40). */
export async function startEpoch(call: AdminCall): Promise<Response> {
  await call.effect(async () => {
    await decided(call.deps.keyManager().startEpoch())
    await call.deps.signOut.startEpoch(call.now)
  })
  return call.nothing()
}

function tableOf(call: AdminCall): string {
  const table = call.subject('table')
  if (table === 'keys' || isBackupTable(table)) return table
  throw new OAuthError('not_found', 'there is no such table')
}
