import * as v from 'valibot'
import { OAuthError } from '../../../shared/protocol/error.ts'
import type { BackupRows } from '../../../shared/stores/d1/backup-table.ts'
import { decided } from '../../../shared/stores/grants.ts'
import type { ManagementCall } from '../deps.ts'
import { nextCursor, pageOf } from '../../../shared/http/admin/page.ts'

const Rows = v.object({ rows: v.array(v.unknown()) })

/** Rows about people as they are, or the private keys: with these whoever has them can sign tokens. */
export async function exportRows(call: ManagementCall): Promise<Response> {
  const source = rowsOf(call)
  const { limit, after } = pageOf(call)
  const rows = await decided(source.exportRows(Number(after), limit))
  return call.answer({ rows, nextCursor: nextCursor(rows.length === limit, String(rows.at(-1)?.rowid)) })
}

export async function importRows(call: ManagementCall): Promise<Response> {
  const source = rowsOf(call)
  const { rows } = call.body(Rows)
  return call.answer({ restored: await call.effect(() => decided(source.importRows(rows))) })
}

/** Ends every session, grant and token, so that a restore that follows revives none of them (fault F40). */
export async function startEpoch(call: ManagementCall): Promise<Response> {
  await call.effect(() => decided(call.deps.keyManager().startEpoch(call.now)))
  return call.nothing()
}

function rowsOf(call: ManagementCall): BackupRows {
  const source = call.deps.backup(call.subject('table'))
  if (source) return source
  throw new OAuthError('not_found', 'there is no such backup')
}
