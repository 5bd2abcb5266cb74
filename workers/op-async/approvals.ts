import { isOwnForm, markedBrowser } from '../../shared/http/browser.ts'
import { readForm } from '../../shared/http/form.ts'
import { type Owner, ownerOf } from '../../shared/http/owner.ts'
import { displayName } from '../../shared/protocol/client.ts'
import type { Parameters } from '../../shared/protocol/parameters.ts'
import { userName } from '../../shared/stores/users.ts'
import { approve, deny, note } from './approval.ts'
import type { AsyncContext } from './deps.ts'
import { clientOf, frameOf, page, refusal, toSignIn } from './html.ts'
import { Approvals, type Notice, notices } from './pages/approvals.tsx'

/** The requests that wait for the person who is signed in, and what they decided about requests. */
export async function showApprovals(c: AsyncContext): Promise<Response> {
  const owner = await ownerOf(c)
  if (!owner) return toSignIn(c, '/approvals')
  const { deps, now } = c.var
  const { user } = owner
  const [asks, stops, code, browser] = await Promise.all([
    deps.asks.listFor(user.sub, now),
    deps.stops.list(user.sub),
    deps.userCodes.find(user.sub),
    markedBrowser(c),
  ])
  const waiting = await Promise.all(asks.map(async (ask) => ({ ...ask, client: await clientOf(c, ask) })))
  const stopped = await Promise.all(
    stops.map(async ({ clientId, stoppedAt }) => {
      const client = await deps.clients.find(clientId, now)
      return { clientId, stoppedAt, clientName: client ? displayName(client) : clientId }
    }),
  )
  const content = Approvals({
    frame: frameOf(c),
    csrf: browser.csrf,
    user: { name: userName(user), email: user.email },
    asks: waiting.flatMap(({ id, request, client }) =>
      client ? [{ id, request, clientId: client.client_id, clientName: displayName(client) }] : [],
    ),
    stopped,
    hasCode: code !== undefined,
    notice: notices.find((each) => each === c.req.query('done')),
  })
  return page(c, content, 200, true)
}

/** A decision about a request, a client or the request code. */
export async function postApproval(c: AsyncContext): Promise<Response> {
  const form = (await readForm(c.req.raw)).unrepeated()
  if (!(await isOwnForm(c, form.get('csrf')))) return refusal(c, 'cross_site_post', 403)
  const owner = await ownerOf(c)
  if (!owner) return toSignIn(c, '/approvals')
  const done = await change(c, owner, form)
  return done ? c.redirect(`/approvals?done=${done}`, 303) : refusal(c, 'bad_request', 400)
}

async function change(c: AsyncContext, owner: Owner, form: Parameters): Promise<Notice | undefined> {
  const { deps, now } = c.var
  const { sub } = owner.user
  switch (form.get('action')) {
    case 'approve':
    case 'deny':
      return decide(c, owner, form)
    case 'stop':
      await deps.stops.stop(sub, form.required('client_id'), now)
      await denyAllOf(c, owner, form.required('client_id'))
      note(c, sub, 'requests_stopped', 'done')
      return 'stopped'
    case 'resume':
      await deps.stops.resume(sub, form.required('client_id'))
      note(c, sub, 'requests_resumed', 'done')
      return 'resumed'
    case 'set_code': {
      const code = form.get('code') ?? ''
      if (!/^[a-z0-9]{4,32}$/i.test(code)) return 'code_wrong'
      await deps.userCodes.set(sub, code, now)
      note(c, sub, 'user_code_set', 'done')
      return 'code_set'
    }
    case 'remove_code':
      await deps.userCodes.remove(sub)
      note(c, sub, 'user_code_removed', 'done')
      return 'code_removed'
    default:
      return undefined
  }
}

/** Only what waits for this person is found, whatever the form says. */
async function decide(c: AsyncContext, owner: Owner, form: Parameters): Promise<Notice> {
  const { deps, now } = c.var
  const ask = (await deps.asks.listFor(owner.user.sub, now)).find(({ id }) => id === form.get('request'))
  if (!ask) return 'over'
  if (form.get('action') === 'approve') return (await approve(c, ask, owner)) ? 'approved' : 'over'
  return (await deny(c, ask, owner)) ? 'denied' : 'over'
}

async function denyAllOf(c: AsyncContext, owner: Owner, clientId: string): Promise<void> {
  const asks = await c.var.deps.asks.listFor(owner.user.sub, c.var.now)
  await Promise.all(asks.filter((ask) => ask.clientId === clientId).map((ask) => deny(c, ask, owner)))
}
