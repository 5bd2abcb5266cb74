import { waitUntil } from 'cloudflare:workers'
import { readForm } from '../../shared/http/form.ts'
import { type Client, displayName } from '../../shared/protocol/client.ts'
import { Parameters } from '../../shared/protocol/parameters.ts'
import { withQuery } from '../../shared/protocol/redirect-uri.ts'
import type { Participant } from '../../shared/stores/durable-objects/session-store.ts'
import { allShards } from '../../shared/stores/shards.ts'
import { userName } from '../../shared/stores/users.ts'
import { noteEvent } from './audit.ts'
import { isOwnForm, markedBrowser } from '../../shared/http/browser.ts'
import type { AuthContext } from './deps.ts'
import { errorPage, frameOf, htmlPage } from './html.ts'
import { ConfirmSignOut, SignedOut } from './pages/sign-out.tsx'

/** A sign-out that somebody asks for, OpenID Connect RP-Initiated Logout §2. */
interface LogoutRequest {
  readonly params: Parameters
  readonly client: Client | undefined
  /** The person that a valid hint names. */
  readonly hintedSub: string | undefined
  /** Where to go afterwards, only if registered for the client. */
  readonly returnUri: string | undefined
}

/** GET /logout. */
export async function logout(c: AuthContext): Promise<Response> {
  const { deps, now } = c.var
  const params = new Parameters(new URL(c.req.url).searchParams)
  const kept = await deps.interactions.find(params.get('interaction'), now)
  if (kept?.record.purpose !== 'logout') return answer(c, params)
  await deps.interactions.finish(kept, now)
  return answer(c, new Parameters(kept.record.params))
}

/**
 * POST /logout: the answer to our own question, or a client's form. The latter comes without the session's cookie,
 * so it is kept and taken up by a GET of our own.
 */
export async function logoutByPost(c: AuthContext): Promise<Response> {
  const { deps, now } = c.var
  const params = await readForm(c.req.raw)
  const csrf = params.get('csrf')
  if (csrf !== undefined) {
    if (!(await isOwnForm(c, csrf))) return errorPage(c, 'cross_site_post', 403)
    const request = await readLogout(c, params)
    return request ? signOut(c, request, undefined) : errorPage(c, 'bad_request', 400)
  }
  const stored = await deps.interactions.start(
    c.req.raw,
    { v: 1, purpose: 'logout', params: params.entries(), startedAt: now },
    now,
  )
  return c.redirect(`/logout?${new URLSearchParams({ interaction: stored.handle })}`, 303)
}

/** Signs out at once when the hint proves who asks; otherwise the person is asked (§2, against logout CSRF §6). */
async function answer(c: AuthContext, params: Parameters): Promise<Response> {
  const { deps, now } = c.var
  const request = await readLogout(c, params)
  if (!request) return errorPage(c, 'bad_request', 400)
  const sessions = await deps.sessions.all(c.req.raw, now)
  if (sessions.length === 0 || sessions.some(({ session }) => session.sub === request.hintedSub))
    return signOut(c, request, request.hintedSub)
  const users = await Promise.all(sessions.map(({ session }) => deps.users.find(session.sub)))
  const browser = await markedBrowser(c)
  const page = ConfirmSignOut({
    frame: frameOf(c, params.get('ui_locales')),
    csrf: browser.csrf,
    parameters: Object.fromEntries(params.entries()),
    users: users.filter((user) => user !== undefined).map((user) => ({ name: userName(user), email: user.email })),
    clientName: request.client && displayName(request.client),
  })
  return htmlPage(c, page, 200, request.returnUri === undefined ? [] : [request.returnUri])
}

/** Undefined for a request that contradicts itself. */
async function readLogout(c: AuthContext, params: Parameters): Promise<LogoutRequest | undefined> {
  const { deps, now } = c.var
  if (params.repeated.length > 0) return undefined
  const hint = params.get('id_token_hint')
  const claims = hint === undefined ? undefined : await deps.keyring.verifyIdTokenHint(hint, deps.issuer, now)
  const audience = typeof claims?.aud === 'string' ? claims.aud : undefined
  const named = params.get('client_id')
  if (named !== undefined && audience !== undefined && named !== audience) return undefined
  // A hint that we did not sign proves nothing, and whoever sends one gets no redirect.
  const clientId = hint !== undefined && !claims ? undefined : (audience ?? named)
  const client = clientId === undefined ? undefined : await deps.clients.find(clientId, now)
  const asked = params.get('post_logout_redirect_uri')
  const returnUri = asked !== undefined && client?.post_logout_redirect_uris.includes(asked) ? asked : undefined
  return { params, client, hintedSub: claims?.sub, returnUri }
}

/** @param sub the person to sign out; everybody in this browser if undefined. */
async function signOut(c: AuthContext, request: LogoutRequest, sub: string | undefined): Promise<Response> {
  const { deps, now } = c.var
  const { ended, cookie } = await deps.sessions.end(c.req.raw, sub, now)
  c.header('set-cookie', cookie, { append: true })
  for (const { session } of ended) {
    noteEvent(c, session.sub, 'sign_out')
    waitUntil(endGrants(c, session.sid))
  }
  c.header('cache-control', 'no-store')
  const state = request.params.get('state')
  const returnTo =
    request.returnUri === undefined || state === undefined ? request.returnUri : withQuery(request.returnUri, { state })
  const participants = ended.flatMap(({ session }) => session.participants ?? [])
  if (participants.length > 0) return tellPartners(c, participants, returnTo)
  if (returnTo !== undefined) return c.redirect(returnTo, 303)
  const page = SignedOut({
    frame: frameOf(c, request.params.get('ui_locales')),
    clientName: request.client && displayName(request.client),
  })
  return htmlPage(c, page)
}

/** The SAML Worker tells the partners that took part, then leads the person on. */
async function tellPartners(
  c: AuthContext,
  participants: readonly Participant[],
  returnTo: string | undefined,
): Promise<Response> {
  const { deps, now } = c.var
  const browser = await markedBrowser(c)
  const params: [string, string][] = [['saml', JSON.stringify({ participants, returnTo })]]
  const record = { v: 1, purpose: 'saml_logout', params, browser: browser.id, startedAt: now } as const
  const stored = await deps.interactions.start(c.req.raw, record, now)
  return c.redirect(`/saml/idp/logout?${new URLSearchParams({ interaction: stored.handle })}`, 303)
}

/** What a session started ends with it, apart from offline access (Back-Channel Logout §2.7). */
async function endGrants(c: AuthContext, sid: string): Promise<void> {
  const { deps, now } = c.var
  await Promise.all(allShards(deps.ledger).map((ledger) => ledger.revokeAll({ sid, keepOffline: true }, now)))
}
