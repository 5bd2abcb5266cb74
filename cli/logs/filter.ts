import { usageError } from '../error.ts'
import type { LogLine } from './trace.ts'

export type LogFilter = (line: LogLine) => boolean

/** Lines that a person asked for: `--status` and `--search` must both hold. */
export function logFilter({
  status,
  search,
}: {
  readonly status?: string | undefined
  readonly search?: string | undefined
}): LogFilter {
  const byStatus = status === undefined ? () => true : statusFilter(status)
  const wanted = search?.toLowerCase()
  return (line) => byStatus(line) && (wanted === undefined || JSON.stringify(line).toLowerCase().includes(wanted))
}

/** `error`, `ok`, a code such as 400, or a class such as 4xx. */
function statusFilter(status: string): LogFilter {
  if (status === 'error') return isError
  if (status === 'ok') return (line) => !isError(line)
  if (/^[1-5]\d\d$/.test(status)) return (line) => line.status === Number(status)
  if (/^[1-5]xx$/.test(status)) return (line) => String(line.status).startsWith(status.charAt(0))
  throw usageError(`--status ${status} is no status.`, 'Write error, ok, a code such as 400, or a class such as 4xx.')
}

/** Our Workers answer 5xx where something of theirs failed; Cloudflare names what they could not answer. */
export function isError({ outcome, status, exceptions }: LogLine): boolean {
  return !['ok', 'canceled'].includes(outcome) || (status ?? 0) >= 500 || exceptions.length > 0
}
