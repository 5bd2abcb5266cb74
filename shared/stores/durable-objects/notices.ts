import { type Outbound, RefusedFetch } from '../../http/outbound.ts'

/** A message to a client or to the operator's system. */
export interface Notice {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Sent as JSON, or a text as it is. */
  readonly body: Readonly<Record<string, unknown>> | string
}

/** After a failed attempt the next one comes this much later; after the last there is none. Seconds. */
export const retryDelays: readonly number[] = [5, 30, 120, 600]

/**
 * Sends a notice. True if it is worth another attempt: the receiver was not reached, or is overloaded. Whoever refused
 * it or answered with a redirect is not called again (CIBA §10.2; redirects are never followed).
 */
export async function deliver(outbound: Outbound, { url, headers, body }: Notice): Promise<boolean> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const type = typeof body === 'string' ? {} : { 'content-type': 'application/json' }
  try {
    const { status } = await outbound.fetch(url, { method: 'POST', headers: { ...type, ...headers }, body: text })
    if (status < 300) return false
    log(url, `it answered ${status}`)
    return status >= 500 || status === 408 || status === 429
  } catch (error) {
    log(url, String(error))
    return !(error instanceof RefusedFetch)
  }
}

/** The address without its query, which is the receiver's own matter. */
function log(url: string, reason: string): void {
  console.warn(JSON.stringify({ level: 'warn', event: 'notice_failed', to: url.split('?')[0], reason }))
}
