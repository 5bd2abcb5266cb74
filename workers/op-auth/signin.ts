import { readForm } from '../../shared/http/form.ts'
import { displayName } from '../../shared/protocol/client.ts'
import { OAuthError } from '../../shared/protocol/error.ts'
import { passwordAcr } from '../../shared/protocol/id-token.ts'
import { noteEvent } from './audit.ts'
import { readStoredRequest } from './authorize.ts'
import { isOwnForm, knownBrowser, markedBrowser } from '../../shared/http/browser.ts'
import type { AuthContext } from './deps.ts'
import type { Flow } from './flow.ts'
import { errorPage, frameOf, htmlPage } from './html.ts'
import { type StoredInteraction, resumeAddress } from '../../shared/http/interactions.ts'
import { Elsewhere } from './pages/elsewhere.tsx'
import type { SignInProblem } from './pages/messages/keys.ts'
import { SignIn } from './pages/sign-in.tsx'
import { SignedOut } from './pages/sign-out.tsx'
import { providerAddress, providerFor } from './providers.ts'
import { respondError } from './respond.ts'
import type { SignInProvider } from '../../shared/stores/sign-in-providers.ts'

/** A page's place in an interaction: what it is for, and in which browser. */
export interface Visit {
  readonly interaction: StoredInteraction
  /** Absent when the person came for their own account or for a SAML partner. */
  readonly flow: Flow | undefined
  readonly csrf: string
}

/** The interaction a page belongs to, or the page that says why it cannot go on. */
export async function visitOf(c: AuthContext, text: string | undefined): Promise<Visit | Response> {
  const { deps, now } = c.var
  const interaction = await deps.interactions.find(text, now)
  const purpose = interaction?.record.purpose
  if (!interaction || purpose === 'logout' || purpose === 'saml_logout') return errorPage(c, 'expired_interaction', 400)
  const browser = await knownBrowser(c)
  if (!browser || interaction.record.browser !== browser.id) return errorPage(c, 'other_browser', 400)
  if (purpose !== 'authorize') return { interaction, flow: undefined, csrf: browser.csrf }
  const read = await readStoredRequest(c, interaction)
  return read instanceof Response ? read : { interaction, flow: { ...read, interaction }, csrf: browser.csrf }
}

/** A posted page: the interaction and the form, or a refusal of forms that are not ours. */
export async function postedVisit(c: AuthContext): Promise<(Visit & { form: Map<string, string> }) | Response> {
  const form = (await readForm(c.req.raw)).unrepeated()
  if (!(await isOwnForm(c, form.get('csrf')))) return errorPage(c, 'cross_site_post', 403)
  const visit = await visitOf(c, form.get('interaction'))
  return visit instanceof Response ? visit : { ...visit, form: new Map(form.entries()) }
}

/** The sign-in page. */
export async function showSignIn(c: AuthContext): Promise<Response> {
  const returnTo = c.req.query('return_to')
  if (returnTo !== undefined && ownPages.test(returnTo)) return signInForPage(c, returnTo)
  const visit = await visitOf(c, c.req.query('interaction'))
  if (visit instanceof Response) return visit
  const { deps, now } = c.var
  const another = c.req.query('account') === 'other'
  const current = another ? undefined : await deps.sessions.current(c.req.raw, now)
  const user = current && (await deps.users.find(current.session.sub))
  const hint = visit.flow?.params.get('login_hint')
  const provider = another ? undefined : await providerFor(c, hint)
  if (provider) return c.redirect(providerAddress(provider, visit.interaction), 303)
  const identifier = hint ?? user?.username ?? user?.email
  return signInPage(c, visit, { identifier, reason: current ? 'reauthenticate' : undefined })
}

const byPassword = { acr: passwordAcr, amr: ['pwd'] }

/** User name and password came: checks them and goes on. */
export async function signIn(c: AuthContext): Promise<Response> {
  const visit = await postedVisit(c)
  if (visit instanceof Response) return visit
  const { deps, now } = c.var
  if (visit.form.get('action') === 'cancel') return cancel(c, visit)
  const identifier = visit.form.get('identifier') ?? ''
  const password = visit.form.get('password') ?? ''
  const provider = await providerFor(c, identifier)
  if (provider) return elsewhere(c, visit, provider)
  if (identifier === '' || password === '') return signInPage(c, visit, { identifier, error: 'missing' })

  const outcome = await deps.passwords.verify(c.req.raw, identifier, password, now)
  if (outcome.problem !== undefined) {
    if (outcome.problem === 'wrong_credentials') {
      if (outcome.account !== undefined) noteEvent(c, outcome.account, 'sign_in_failed')
      return signInPage(c, visit, { identifier, error: 'wrong_credentials' })
    }
    c.header('retry-after', String(outcome.retryAfter))
    return signInPage(c, visit, { identifier, error: outcome.problem, retryAfterSeconds: outcome.retryAfter })
  }

  const { signedIn, cookie } = await deps.sessions.start(c.req.raw, outcome.user, byPassword, now)
  c.header('set-cookie', cookie, { append: true })
  c.header('set-cookie', await deps.passwords.deviceCookie(outcome.user.sub, now), { append: true })
  noteEvent(c, outcome.user.sub, 'sign_in')
  const progress = { session: signedIn.id, signedIn: true, chosen: true, consented: false }
  return goOn(c, await deps.interactions.update(visit.interaction, progress, now))
}

/** Back to the request, or to the account page. The browser comes with its new cookie. */
export async function goOn(c: AuthContext, interaction: StoredInteraction): Promise<Response> {
  const { deps, now } = c.var
  if (interaction.record.purpose === 'account') await deps.interactions.finish(interaction, now)
  return c.redirect(resumeAddress(interaction), 303)
}

/** To the identity provider of the person's organisation: at once, and for browsers that do not obey, by a link. */
function elsewhere(c: AuthContext, { interaction }: Visit, provider: SignInProvider): Promise<Response> {
  const address = providerAddress(provider, interaction)
  c.header('refresh', `0;url=${address}`)
  return htmlPage(c, Elsewhere({ frame: frameOf(c, undefined), providerName: provider.name, address }))
}

/** The person does not want to: the client learns so (RFC 6749 §4.1.2.1). */
export async function cancel(c: AuthContext, visit: Visit): Promise<Response> {
  const { deps, now } = c.var
  if (visit.interaction.record.purpose === 'saml')
    return goOn(c, await deps.interactions.update(visit.interaction, { declined: true }, now))
  await deps.interactions.finish(visit.interaction, now)
  if (!visit.flow) return htmlPage(c, SignedOut({ frame: frameOf(c, undefined) }))
  return respondError(c, visit.flow.target, new OAuthError('access_denied', 'the person declined'))
}

/** Pages of other Workers that send people here, with nothing in their address but a user code (RFC 8628 §3.3.1). */
const ownPages = /^\/(approvals|device(\?user_code=[A-Z]{4}-[A-Z]{4})?)$/

/** Sends the browser to sign in for its own account. */
export function signInForAccount(c: AuthContext): Promise<Response> {
  return signInForPage(c, '/account')
}

async function signInForPage(c: AuthContext, returnTo: string): Promise<Response> {
  const { deps, now } = c.var
  const browser = await markedBrowser(c)
  const stored = await deps.interactions.start(
    c.req.raw,
    { v: 1, purpose: 'account', params: [['return_to', returnTo]], browser: browser.id, startedAt: now },
    now,
  )
  return c.redirect(`/signin?${new URLSearchParams({ interaction: stored.handle })}`, 303)
}

/** Origins that forms of this interaction may lead to: browsers look at the redirect after the post as well. */
export function formTargets(visit: Visit): string[] {
  return visit.flow ? [visit.flow.target.redirectUri] : []
}

interface SignInState {
  readonly identifier: string | undefined
  readonly error?: SignInProblem
  readonly retryAfterSeconds?: number
  readonly reason?: 'reauthenticate' | undefined
}

async function signInPage(c: AuthContext, visit: Visit, state: SignInState): Promise<Response> {
  const { deps, now } = c.var
  const client = visit.flow?.client
  const known = await deps.providers.list(now)
  const offered = known.filter(({ button }) => button)
  const page = SignIn({
    frame: frameOf(c, visit.flow?.params.get('ui_locales')),
    interaction: visit.interaction.handle,
    csrf: visit.csrf,
    clientName: client ? displayName(client) : (visit.interaction.record.clientName ?? c.var.deps.branding.name),
    policyUri: client?.policy_uri,
    tosUri: client?.tos_uri,
    clientUri: client?.client_uri,
    byAddress: known.some(({ domains }) => domains.length > 0),
    providers: offered.map((each) => ({ name: each.name, address: providerAddress(each, visit.interaction) })),
    ...state,
  })
  return htmlPage(c, page, statusOf(state.error), formTargets(visit))
}

function statusOf(error: SignInProblem | undefined): 200 | 400 | 429 | 503 {
  if (error === undefined) return 200
  if (error === 'throttled') return 429
  return error === 'busy' ? 503 : 400
}
