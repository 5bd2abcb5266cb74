import { createServer, type IncomingHttpHeaders } from 'node:http'

/** A request that a browser made to the site. */
export interface SiteRequest {
  readonly method: string
  readonly url: URL
  readonly headers: IncomingHttpHeaders
  readonly form: URLSearchParams
  readonly body: string
}

export interface SiteAnswer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

type Page = string | ((request: SiteRequest) => SiteAnswer | Promise<SiteAnswer>)

/** Another site than the provider's: 127.0.0.1, where the provider is at localhost. */
export interface Site {
  readonly origin: string
  /** What it serves by path: HTML, or a function. Every other path answers that it received the request. */
  readonly pages: Map<string, Page>
  /** Newest last. */
  readonly requests: SiteRequest[]
  close(): Promise<void>
}

/** Serves the pages of a relying party or of an attacker, and remembers what came. */
export async function openSite(): Promise<Site> {
  const pages = new Map<string, Page>()
  const requests: SiteRequest[] = []
  const server = createServer(async (incoming, outgoing) => {
    const chunks: string[] = []
    for await (const chunk of incoming) chunks.push(String(chunk))
    const request = {
      method: incoming.method ?? 'GET',
      url: new URL(incoming.url ?? '/', site.origin),
      headers: incoming.headers,
      form: new URLSearchParams(chunks.join('')),
      body: chunks.join(''),
    }
    requests.push(request)
    const page = pages.get(request.url.pathname) ?? '<title>Received</title><h1>Received</h1>'
    const { status = 200, headers, body = '' } = typeof page === 'string' ? { body: page } : await page(request)
    outgoing.writeHead(status, { 'content-type': 'text/html; charset=utf-8', ...headers })
    outgoing.end(
      outgoing.getHeader('content-type')?.toString().startsWith('text/html') ? `<!doctype html>${body}` : body,
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the site has no port')
  const site: Site = {
    origin: `http://127.0.0.1:${address.port}`,
    pages,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return site
}
