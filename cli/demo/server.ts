import { createServer, type IncomingMessage } from 'node:http'
import { errorPage, tokensPage, welcomePage } from './pages.ts'
import { RelyingParty } from './relying-party.ts'
import { type Session, Sessions } from './sessions.ts'
import { style } from './style.ts'

export interface DemoOptions {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  readonly host: string
  readonly port: number
}

export interface Demo {
  readonly url: string
  close(): Promise<void>
}

interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** The demo application: an ordinary relying party on its own origin. */
export async function startDemo({ issuer, clientId, clientSecret, host, port }: DemoOptions): Promise<Demo> {
  const url = `http://${host}:${port}`
  const relyingParty = new RelyingParty({
    issuer,
    clientId,
    clientSecret,
    redirectUri: `${url}/callback`,
    postLogoutRedirectUri: `${url}/`,
  })
  const sessions = new Sessions()

  const routes: Readonly<Record<string, (request: IncomingMessage) => Promise<Answer>>> = {
    async 'GET /'({ headers }) {
      const found = sessions.find(headers.cookie)
      const { tokens, userinfo, done = '' } = found?.session ?? {}
      if (!found || !tokens) return page(welcomePage(issuer))
      sessions.update(found.id, { ...found.session, done: '' })
      return page(tokensPage(tokens, userinfo, done))
    },
    async 'GET /style.css'() {
      return { headers: { 'content-type': 'text/css; charset=utf-8' }, body: style }
    },
    async 'GET /signin'({ headers }) {
      const { url: target, attempt } = await relyingParty.startSignIn()
      return redirect(target.href, sessions.start({ attempt }, sessions.find(headers.cookie)?.id))
    },
    async 'GET /callback'({ headers, url: target = '' }) {
      const found = sessions.find(headers.cookie)
      if (!found?.session.attempt) return page(errorPage('No sign-in was started in this browser.'), 400)
      const tokens = await relyingParty.finishSignIn(new URL(target, url), found.session.attempt)
      return redirect('/', sessions.start({ tokens, done: 'These are your tokens.' }, found.id))
    },
    'POST /refresh': withTokens(async ({ tokens }) => ({
      tokens: await relyingParty.refresh(tokens),
      done: 'The tokens were refreshed.',
    })),
    'POST /userinfo': withTokens(async ({ tokens }) => ({
      userinfo: await relyingParty.userinfo(tokens),
      done: 'Userinfo was called.',
    })),
    async 'POST /signout'({ headers }) {
      const found = sessions.find(headers.cookie)
      if (!found?.session.tokens) return redirect('/')
      sessions.end(found.id)
      return redirect((await relyingParty.signOutUrl(found.session.tokens)).href)
    },
  }

  function withTokens(step: (session: Session & { tokens: NonNullable<Session['tokens']> }) => Promise<Session>) {
    return async ({ headers }: IncomingMessage): Promise<Answer> => {
      const found = sessions.find(headers.cookie)
      const tokens = found?.session.tokens
      if (found && tokens)
        sessions.update(found.id, { ...found.session, ...(await step({ ...found.session, tokens })) })
      return redirect('/')
    }
  }

  const server = createServer(async (request, response) => {
    const { status = 200, headers, body = '' } = await answer(request)
    response.writeHead(status, { ...securityHeaders(issuer), ...headers }).end(body)
  })

  async function answer(request: IncomingMessage): Promise<Answer> {
    // Another name for this address would be another site's: DNS rebinding.
    if (request.headers.host !== `${host}:${port}`) return { status: 421, body: 'This host name is not served here.\n' }
    const path = (request.url ?? '/').replace(/\?.*/, '')
    const name = `${request.method} ${path}`
    const route = Object.hasOwn(routes, name) ? routes[name] : undefined
    if (!route) return page(errorPage('There is no such page.'), 404)
    try {
      return await route(request)
    } catch (error) {
      return page(errorPage(explain(error)), 502)
    }
  }

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

function page(html: { toString(): string }, status = 200): Answer {
  return { status, headers: { 'content-type': 'text/html; charset=utf-8' }, body: html.toString() }
}

function redirect(location: string, cookie?: string): Answer {
  return { status: 303, headers: { location, ...(cookie !== undefined && { 'set-cookie': cookie }) } }
}

function securityHeaders(issuer: string): Record<string, string> {
  return {
    // The sign-out form is answered with a redirect to the provider, to which form-action applies as well.
    'content-security-policy': `default-src 'none'; style-src 'self'; img-src data:; form-action 'self' ${issuer}; base-uri 'none'; frame-ancestors 'none'`,
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
