import { base64url } from 'jose'
import { invalidRequest } from '../../protocol/error.ts'

/** Which part of a list is asked for. */
export interface Page {
  readonly limit: number
  /** Where the part before ended; empty for the first. */
  readonly after: string
}

const defaultLimit = 50
const largestLimit = 100

/** @throws OAuthError invalid_request */
export function pageOf(call: { query(name: string): string | undefined }): Page {
  const limit = call.query('limit') ?? String(defaultLimit)
  if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > largestLimit)
    throw invalidRequest(`limit must be a number from 1 to ${largestLimit}`)
  return { limit: Number(limit), after: position(call.query('cursor')) }
}

/** The cursor that continues after `position`; null at the end of the list. */
export function nextCursor(more: boolean, position: string | undefined): string | null {
  return more && position !== undefined ? base64url.encode(`1${position}`) : null
}

function position(cursor: string | undefined): string {
  if (cursor === undefined) return ''
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(base64url.decode(cursor))
    if (text.startsWith('1') && text.length < 500) return text.slice(1)
  } catch {
    // Not base64url: the same refusal.
  }
  throw invalidRequest('cursor is not one of this list')
}

/** Seconds since the epoch as ISO 8601. */
export function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}
