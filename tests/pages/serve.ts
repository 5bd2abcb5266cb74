import { createServer } from 'node:http'
import { findAsset } from '../../workers/op-auth/pages/assets.ts'
import type { Branding } from '../../shared/pages/branding.ts'
import { contentSecurityPolicy } from '../../shared/pages/content-security-policy.ts'

export interface PageServer {
  readonly origin: string
  /** Forms that were submitted, newest last. */
  readonly submitted: { path: string; fields: URLSearchParams }[]
  close(): Promise<void>
}

/** Serves pages by name on loopback under the policy they have in production, and takes their forms. */
export async function servePages(pages: ReadonlyMap<string, string>, branding: Branding): Promise<PageServer> {
  const submitted: PageServer['submitted'] = []
  const server = createServer(async (request, response) => {
    const path = request.url ?? '/'
    response.setHeader('content-security-policy', contentSecurityPolicy())
    if (request.method === 'POST') {
      const chunks: string[] = []
      for await (const chunk of request) chunks.push(String(chunk))
      submitted.push({ path, fields: new URLSearchParams(chunks.join('')) })
    }
    const asset = findAsset(path, branding)
    const page = pages.get(path.slice(1))
    if (asset) response.setHeader('content-type', asset.contentType)
    else response.setHeader('content-type', 'text/html; charset=utf-8')
    if (!asset && page === undefined && request.method !== 'POST') response.statusCode = 404
    response.end(asset?.body ?? page ?? '<!doctype html><title>Received</title>')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the page server has no port')
  return {
    origin: `http://localhost:${address.port}`,
    submitted,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
