import type { JWK } from 'jose'
import { type CachedDocument, cachedDocument, respondCached } from '../../shared/http/cached-document.ts'
import type { WorkerContext } from '../../shared/http/context.ts'
import { unavailable } from '../../shared/protocol/error.ts'
import { jwksMaxAge, jwksStaleWhileRevalidate, leaseSeconds } from '../../shared/protocol/key-life-cycle.ts'

export interface DiscoveryDeps {
  readonly metadata: () => Promise<CachedDocument>
  readonly publicKeys: (now: number) => Promise<JWK[]>
}

/** One copy an isolate: the key set changes on the scale of minutes. */
let copy: { document: CachedDocument; readAt: number } | undefined

/** The key set, RFC 7517 §5. KeyManager out of reach: the last copy serves, since public keys do no harm. */
export async function jwks(c: WorkerContext<DiscoveryDeps>): Promise<Response> {
  const { now, deps } = c.var
  // Also where the clock was put back, or a revoked key would stay.
  if (!copy || Math.abs(now - copy.readAt) >= leaseSeconds) {
    try {
      copy = { document: await cachedDocument({ keys: await deps.publicKeys(now) }), readAt: now }
    } catch (error) {
      if (!copy) throw unavailable(error)
    }
  }
  const cacheControl = `public, max-age=${jwksMaxAge}, stale-while-revalidate=${jwksStaleWhileRevalidate}`
  return respondCached(c, copy.document, cacheControl, copy.readAt + leaseSeconds)
}
