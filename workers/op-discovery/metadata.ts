import { type CachedDocument, cachedDocument, respondCached } from '../../shared/http/cached-document.ts'
import type { WorkerContext } from '../../shared/http/context.ts'
import { serverMetadata } from '../../shared/protocol/server-metadata.ts'
import type { DiscoveryDeps } from './jwks.ts'

/** OpenID Connect Discovery §4 and RFC 8414 §3: one document under both addresses. */
export const metadata = {
  prepare(issuer: string, registration: string): () => Promise<CachedDocument> {
    let document: CachedDocument | undefined
    return async () => (document ??= await cachedDocument(serverMetadata(issuer, registration !== 'closed')))
  },

  async respond(c: WorkerContext<DiscoveryDeps>): Promise<Response> {
    return respondCached(c, await c.var.deps.metadata(), 'public, max-age=3600, stale-while-revalidate=600', Infinity)
  },
}
