import { readForm } from '../../shared/http/form.ts'
import { displayName } from '../../shared/protocol/client.ts'
import { type Owner, ownerOf } from '../../shared/http/owner.ts'
import type { Parameters } from '../../shared/protocol/parameters.ts'
import { decided } from '../../shared/stores/grants.ts'
import { allShards } from '../../shared/stores/shards.ts'
import { userName } from '../../shared/stores/users.ts'
import { noteEvent } from './audit.ts'
import { isOwnForm, markedBrowser } from '../../shared/http/browser.ts'
import type { AuthContext } from './deps.ts'
import { errorPage, frameOf, htmlPage } from './html.ts'
import { Account, type AccountEvent } from './pages/account.tsx'
import { eventActions, notices } from './pages/messages/keys.ts'
import { signInForAccount } from './signin.ts'

/** A change asks for a sign-in no older than this. Seconds. */
const freshness = 600

/** The person's own page. */
export async function account(c: AuthContext): Promise<Response> {
  const owner = await ownerOf(c)
  if (!owner) return signInForAccount(c)
  const { deps, now } = c.var
  const { sub } = owner.user
  const [sessions, consents, events, browser] = await Promise.all([
    deps.sessions.listAll(sub, now),
    deps.consents.list(sub),
    deps.audit.about(sub, 20),
    markedBrowser(c),
  ])
  const names = await clientNames(c, [
    ...sessions.flatMap((session) => Object.keys(session.clients)),
    ...consents.map((consent) => consent.clientId),
  ])
  const page = Account({
    frame: frameOf(c, undefined),
    csrf: browser.csrf,
    user: { name: userName(owner.user), email: owner.user.email },
    sessions: sessions.map((session) => ({
      ...session,
      current: session.id === owner.signedIn.id,
      clients: Object.keys(session.clients).map((clientId) => names.get(clientId) ?? clientId),
    })),
    consents: consents.map((consent) => ({
      clientId: consent.clientId,
      clientName: names.get(consent.clientId) ?? consent.clientId,
      scopes: consent.tokens,
      grantedAt: consent.grantedAt,
    })),
    events: events.flatMap((event): AccountEvent[] => {
      const action = eventActions.find((each) => each === event.action)
      return action ? [{ time: Math.floor(event.time / 1000), action }] : []
    }),
    notice: notices.find((each) => each === c.req.query('done')),
  })
  return htmlPage(c, page)
}

/** Signs one device out, or all others. */
export async function endSession(c: AuthContext): Promise<Response> {
  const change = await ownChange(c)
  if (change instanceof Response) return change
  const { deps, now } = c.var
  const { user, signedIn } = change.owner
  const id = change.form.required('session')
  const sids = await deps.sessions.endElsewhere(user.sub, id === 'all' ? { except: signedIn.id } : { id })
  await Promise.all(
    allShards(deps.ledger).flatMap((ledger) =>
      sids.map((sid) => decided(ledger.revokeAll({ sid, keepOffline: true }, now))),
    ),
  )
  const done = id === 'all' ? 'sessions_ended' : 'session_ended'
  noteEvent(c, user.sub, done)
  return c.redirect(`/account?done=${done}`, 303)
}

/** Takes a client's access away: consent and every grant. */
export async function revokeConsent(c: AuthContext): Promise<Response> {
  const change = await ownChange(c)
  if (change instanceof Response) return change
  const { deps, now } = c.var
  const { sub } = change.owner.user
  const clientId = change.form.required('client_id')
  await deps.consents.withdraw(sub, clientId)
  await deps.sessions.forgetClient(sub, clientId)
  await Promise.all(allShards(deps.ledger).map((ledger) => decided(ledger.revokeAll({ sub, clientId }, now))))
  noteEvent(c, sub, 'consent_revoked')
  return c.redirect('/account?done=consent_revoked', 303)
}

/** A posted change: by the owner, from our own page, soon after a sign-in. Otherwise what to answer instead. */
export async function ownChange(c: AuthContext): Promise<{ owner: Owner; form: Parameters } | Response> {
  const form = (await readForm(c.req.raw)).unrepeated()
  if (!(await isOwnForm(c, form.get('csrf')))) return errorPage(c, 'cross_site_post', 403)
  const owner = await ownerOf(c)
  if (!owner || !isFresh(c, owner)) return signInForAccount(c)
  return { owner, form }
}

export function isFresh(c: AuthContext, owner: Owner): boolean {
  return c.var.now - owner.signedIn.session.authTime <= freshness
}

async function clientNames(c: AuthContext, clientIds: string[]): Promise<Map<string, string>> {
  const { deps, now } = c.var
  const clients = await Promise.all([...new Set(clientIds)].map((clientId) => deps.clients.find(clientId, now)))
  return new Map(
    clients.filter((client) => client !== undefined).map((client) => [client.client_id, displayName(client)]),
  )
}
