import { invalidRequest } from '../../../shared/protocol/error.ts'
import type { ManagementCall } from '../deps.ts'
import { nextCursor, pageOf } from '../../../shared/http/admin/page.ts'

/** Newest first. */
export async function listAudit(call: ManagementCall): Promise<Response> {
  const { limit, after } = pageOf(call)
  const from = call.query('since')
  const since = from === undefined ? undefined : Date.parse(from)
  if (Number.isNaN(since)) throw invalidRequest('since must be a time, ISO 8601')
  const before = after === '' ? undefined : Number(after)
  if (before !== undefined && !Number.isSafeInteger(before)) throw invalidRequest('cursor is not one of this list')
  const entries = await call.deps.audit.list({ since, actor: call.query('actor'), before, limit })
  return call.answer({
    events: entries.map(({ time, actor, action, target, outcome, requestId }) => ({
      time: new Date(time).toISOString(),
      actor,
      action,
      target,
      outcome,
      requestId,
    })),
    nextCursor: nextCursor(entries.length === limit, entries.at(-1)?.id.toString()),
  })
}
