import * as v from 'valibot'
import { nextCursor, pageOf } from '../../../shared/http/admin/page.ts'
import { OAuthError } from '../../../shared/protocol/error.ts'
import type { SamlCall } from '../deps.ts'

const Rows = v.object({ rows: v.array(v.unknown()) })

/** Partners, or whom people at them are linked to, as they are stored. */
export async function exportSamlRows(call: SamlCall): Promise<Response> {
  const source = rowsOf(call)
  const { limit, after } = pageOf(call)
  const rows = await source.exportRows(Number(after), limit)
  return call.answer({ rows, nextCursor: nextCursor(rows.length === limit, String(rows.at(-1)?.rowid)) })
}

export async function importSamlRows(call: SamlCall): Promise<Response> {
  const source = rowsOf(call)
  const { rows } = call.body(Rows)
  return call.answer({ restored: await call.effect(() => source.importRows(rows)) })
}

function rowsOf(call: SamlCall) {
  const source = call.deps.backup(call.subject('table'))
  if (source) return source
  throw new OAuthError('not_found', 'there is no such backup')
}
