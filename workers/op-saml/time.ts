import { invalidRequest } from '../../shared/protocol/error.ts'

/** Clocks of partners may differ from ours by this. Seconds. */
export const tolerance = 60

/** `2026-11-25T12:00:00Z` for seconds since the epoch. */
export function dateTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
}

/**
 * Seconds since the epoch for a `dateTime`, which SAML has in UTC (Core §1.3.3).
 * @throws OAuthError invalid_request
 */
export function readDateTime(text: string): number {
  const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,12})?(?:Z|[+-]00:00)$/
  const milliseconds = form.test(text) ? Date.parse(text.replace(/(\.\d{3})\d+/, '$1')) : Number.NaN
  if (Number.isNaN(milliseconds)) throw invalidRequest('a time in UTC is expected')
  return Math.floor(milliseconds / 1000)
}
