import type { IncomingHttpHeaders } from 'node:http'
import { type Answer, page, redirect } from './answer.ts'
import { deviceScript } from './device-script.ts'
import { devicePage, errorPage, tokensPage, welcomePage } from './pages.ts'
import { RelyingParty } from './relying-party.ts'
import { samlRoutes } from './saml.ts'
import { type Session, Sessions } from './sessions.ts'
import { style } from './style.ts'

export interface ApplicationOptions {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** Origin of the application. */
  readonly url: string
}

export interface Request {
  readonly headers: IncomingHttpHeaders
  readonly url: URL
  /** Of a form post. */
  readonly body: string
}

export type Route = (request: Request) => Answer | Promise<Answer>

/** What the application answers, by method and path. */
export function routes({ issuer, clientId, clientSecret, url }: ApplicationOptions): ReadonlyMap<string, Route> {
  const relyingParty = new RelyingParty({
    issuer,
    clientId,
    clientSecret,
    redirectUri: `${url}/callback`,
    postLogoutRedirectUri: `${url}/`,
  })
  const sessions = new Sessions()

  function home({ headers }: Request): Answer {
    const found = sessions.find(headers.cookie)
    const { tokens, userinfo, done = '' } = found?.session ?? {}
    if (!found || !tokens) return page(welcomePage(issuer))
    sessions.update(found.id, { ...found.session, done: '' })
    return page(tokensPage(tokens, userinfo, done))
  }

  async function signIn({ headers }: Request): Promise<Answer> {
    const { url: target, attempt } = await relyingParty.startSignIn()
    return redirect(target.href, sessions.start({ attempt }, sessions.find(headers.cookie)?.id))
  }

  async function startDevice({ headers }: Request): Promise<Answer> {
    const device = await relyingParty.startDevice()
    return redirect('/device', sessions.start({ device }, sessions.find(headers.cookie)?.id))
  }

  /** Shows the code until the person has decided on another device, or in another tab. */
  function device({ headers }: Request): Answer {
    const found = sessions.find(headers.cookie)
    if (!found?.session.device) return redirect('/')
    const { outcome } = found.session.device
    if (outcome === undefined) return page(devicePage(found.session.device))
    if ('error' in outcome) throw outcome.error
    return redirect('/', sessions.start({ tokens: outcome.tokens, done: 'The device is signed in.' }, found.id))
  }

  /** Whether the device's page has nothing new to show. */
  function deviceWaits({ headers }: Request): Answer {
    const attempt = sessions.find(headers.cookie)?.session.device
    const waits = attempt !== undefined && attempt.outcome === undefined
    return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(waits) }
  }

  async function callback({ headers, url: target }: Request): Promise<Answer> {
    const found = sessions.find(headers.cookie)
    if (!found?.session.attempt) return page(errorPage('No sign-in was started in this browser.'), 400)
    const tokens = await relyingParty.finishSignIn(target, found.session.attempt)
    return redirect('/', sessions.start({ tokens, done: 'These are your tokens.' }, found.id))
  }

  async function signOut({ headers }: Request): Promise<Answer> {
    const found = sessions.find(headers.cookie)
    if (!found?.session.tokens) return redirect('/')
    sessions.end(found.id)
    return redirect((await relyingParty.signOutUrl(found.session.tokens)).href)
  }

  /** A step that needs tokens, after which the page shows what it brought. */
  function withTokens(step: (tokens: NonNullable<Session['tokens']>) => Promise<Session>): Route {
    return async ({ headers }) => {
      const found = sessions.find(headers.cookie)
      if (found?.session.tokens) {
        sessions.update(found.id, { ...found.session, ...(await step(found.session.tokens)) })
      }
      return redirect('/')
    }
  }

  return new Map<string, Route>([
    ['GET /', home],
    ['GET /style.css', () => ({ headers: { 'content-type': 'text/css; charset=utf-8' }, body: style })],
    ['GET /signin', signIn],
    ['GET /callback', callback],
    ['POST /device', startDevice],
    ['GET /device', device],
    ['GET /device/waits', deviceWaits],
    ['GET /device.js', () => ({ headers: { 'content-type': 'text/javascript; charset=utf-8' }, body: deviceScript })],
    [
      'POST /refresh',
      withTokens(async (tokens) => ({
        tokens: await relyingParty.refresh(tokens),
        done: 'The tokens were refreshed.',
      })),
    ],
    [
      'POST /userinfo',
      withTokens(async (tokens) => ({ userinfo: await relyingParty.userinfo(tokens), done: 'Userinfo was called.' })),
    ],
    ['POST /signout', signOut],
    ...samlRoutes(issuer, url, sessions),
  ])
}
