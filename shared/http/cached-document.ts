import type { WorkerContext } from './context.ts'

/** A JSON document that is the same for everyone, with the tag that names its content (RFC 9110 §8.8.3). */
export interface CachedDocument {
  /** Encoded once: a string would be encoded for every answer. */
  readonly body: Uint8Array
  readonly etag: string
}

export async function cachedDocument(value: unknown): Promise<CachedDocument> {
  const body = new TextEncoder().encode(JSON.stringify(value))
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', body))
  const tag = [...digest.subarray(0, 12)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return { body, etag: `"${tag}"` }
}

/**
 * Answers the document, or 304 to a caller that has it (RFC 9110 §13.1.2).
 * @param until seconds since the epoch, up to which the document is as it is now.
 */
export function respondCached<Deps>(
  c: WorkerContext<Deps>,
  document: CachedDocument,
  cacheControl: string,
  until: number,
): Response {
  const headers = { 'cache-control': cacheControl, etag: document.etag }
  const known = c.req.header('if-none-match')
  if (known && (known === '*' || known.split(',').some((tag) => tag.trim().replace(/^W\//, '') === document.etag)))
    return new Response(null, { status: 304, headers })
  c.set('ready', { body: document.body, from: c.var.now, until })
  return new Response(document.body, { headers: { ...headers, 'content-type': 'application/json' } })
}
