import { displayName } from '../../shared/protocol/client.ts'
import { userName } from '../../shared/stores/users.ts'
import type { AuthContext } from './deps.ts'
import { frameOf, htmlPage } from './html.ts'
import { SelectAccount } from './pages/select-account.tsx'
import { formTargets, goOn, postedVisit, visitOf } from './signin.ts'

/** The accounts signed in here, to choose from. */
export async function showAccounts(c: AuthContext): Promise<Response> {
  const visit = await visitOf(c, c.req.query('interaction'))
  if (visit instanceof Response) return visit
  const { deps, now } = c.var
  const sessions = await deps.sessions.all(c.req.raw, now)
  const users = await Promise.all(sessions.map(({ session }) => deps.users.find(session.sub)))
  const accounts = users
    .filter((user) => user !== undefined)
    .map((user) => ({ sub: user.sub, name: userName(user), email: user.email }))
  const client = visit.flow?.client
  const page = SelectAccount({
    frame: frameOf(c, visit.flow?.params.get('ui_locales')),
    interaction: visit.interaction.handle,
    csrf: visit.csrf,
    clientName: client ? displayName(client) : deps.branding.name,
    accounts,
  })
  return htmlPage(c, page, 200, formTargets(visit))
}

/** One account was chosen, or another one is wanted. */
export async function selectAccount(c: AuthContext): Promise<Response> {
  const visit = await postedVisit(c)
  if (visit instanceof Response) return visit
  const { deps, now } = c.var
  const wanted = visit.form.get('account')
  const chosen = (await deps.sessions.all(c.req.raw, now)).find(({ session }) => session.sub === wanted)
  if (!chosen) {
    const query = new URLSearchParams({ interaction: visit.interaction.handle, account: 'other' })
    return c.redirect(`/signin?${query}`, 303)
  }
  c.header('set-cookie', await deps.sessions.prefer(c.req.raw, chosen, now), { append: true })
  const progress = { session: chosen.id, chosen: true, consented: false }
  return goOn(c, await deps.interactions.update(visit.interaction, progress, now))
}
