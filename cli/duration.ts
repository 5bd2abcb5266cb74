import { usageError } from './error.ts'

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** Seconds in `90s`, `30m`, `24h` or `7d`; a plain number is seconds. */
export function parseDuration(text: string, option: string): number {
  const [, amount, unit = 's'] = /^(\d{1,9})([smhd])?$/.exec(text) ?? []
  if (amount === undefined) throw usageError(`${option} ${text} is not a duration.`, 'Write 90s, 30m, 24h or 7d.')
  return Number(amount) * (SECONDS[unit] ?? 1)
}

/** ISO 8601 for a time, or for a duration before now. */
export function parseSince(text: string, option: string, now = Date.now()): string {
  if (/^\d+[smhd]$/.test(text)) return new Date(now - parseDuration(text, option) * 1000).toISOString()
  const time = new Date(text)
  if (!/^\d{4}-\d{2}-\d{2}/.test(text) || Number.isNaN(time.getTime())) {
    throw usageError(`${option} ${text} is neither a duration nor a time.`, 'Write 24h, or 2026-12-01T08:00:00Z.')
  }
  return time.toISOString()
}
