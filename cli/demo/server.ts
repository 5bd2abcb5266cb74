import { createServer, type IncomingMessage } from 'node:http'
import { type Answer, page } from './answer.ts'
import { type ApplicationOptions, routes } from './application.ts'
import { errorPage } from './pages.ts'

export interface DemoOptions extends Omit<ApplicationOptions, 'url'> {
  readonly host: string
  readonly port: number
}

export interface Demo {
  readonly url: string
  close(): Promise<void>
}

/** The demo application: an ordinary relying party on its own origin. */
export async function startDemo({ host, port, ...options }: DemoOptions): Promise<Demo> {
  const url = `http://${host}:${port}`
  const application = routes({ ...options, url })

  async function answer(request: IncomingMessage): Promise<Answer> {
    const { method, headers, url: target = '/' } = request
    // Another name for this address would be another site's: DNS rebinding.
    if (headers.host !== `${host}:${port}`) return { status: 421, body: 'This host name is not served here.\n' }
    const address = URL.parse(url + target)
    const route = address && application.get(`${method} ${address.pathname}`)
    try {
      const body = route && method === 'POST' ? await formOf(request) : ''
      return route ? await route({ headers, url: address, body }) : page(errorPage('There is no such page.'), 404)
    } catch (error) {
      return page(errorPage(explain(error)), 502)
    }
  }

  const server = createServer(async (request, response) => {
    const { status = 200, headers, body = '' } = await answer(request)
    response.writeHead(status, { ...securityHeaders(options.issuer), ...headers }).end(body)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve)
  })
  return {
    url,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** A SAML response with many attributes has some tens of kilobytes. */
async function formOf(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) {
    body += String(chunk)
    if (body.length > 500_000) throw new Error('The form is too large.')
  }
  return body
}

function securityHeaders(issuer: string): Record<string, string> {
  const policy = [
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    "connect-src 'self'",
    'img-src data:',
    // The sign-out form is answered with a redirect to the provider, to which form-action applies as well.
    `form-action 'self' ${issuer}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ]
  return {
    'content-security-policy': policy.join('; '),
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  }
}

/** The provider's error and its description, where it gave one. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const description = 'error_description' in error ? error.error_description : undefined
  const code = 'error' in error ? error.error : undefined
  if (typeof code === 'string') return typeof description === 'string' ? `${code}: ${description}` : code
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
