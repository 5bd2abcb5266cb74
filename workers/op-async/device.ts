import { isOwnForm, markedBrowser } from '../../shared/http/browser.ts'
import { readForm } from '../../shared/http/form.ts'
import { ownerOf } from '../../shared/http/owner.ts'
import { displayName } from '../../shared/protocol/client.ts'
import { shownUserCode, typedUserCode } from '../../shared/protocol/user-code.ts'
import { userName } from '../../shared/stores/users.ts'
import { approve, deny } from './approval.ts'
import type { Ask } from './asks.ts'
import type { AsyncContext } from './deps.ts'
import { clientOf, frameOf, refusal, toSignIn, page } from './html.ts'
import { ConfirmDevice } from './pages/confirm-device.tsx'
import { DeviceDone } from './pages/device-done.tsx'
import { EnterCode } from './pages/enter-code.tsx'

/**
 * The verification page, RFC 8628 §3.3: asks for the code, or shows what the device of a code asks for. An address
 * with the code in it approves nothing by itself (§3.3.1).
 */
export async function showDevice(c: AsyncContext): Promise<Response> {
  const typed = c.req.query('user_code')
  if (typed === undefined) return codePage(c, {})
  const code = typedUserCode(typed)
  if (code === undefined) return codePage(c, { typed, problem: 'wrong' })
  const owner = await ownerOf(c)
  if (!owner) return toSignIn(c, addressOf(code))
  const found = await lookUp(c, code, typed)
  if (found instanceof Response) return found
  const client = await clientOf(c, found)
  if (!client) return codePage(c, { typed, problem: 'wrong' })
  const browser = await markedBrowser(c)
  const confirm = ConfirmDevice({
    frame: frameOf(c),
    csrf: browser.csrf,
    userCode: shownUserCode(code),
    request: found.request,
    clientName: displayName(client),
    policyUri: client.policy_uri,
    tosUri: client.tos_uri,
    clientUri: client.client_uri,
    user: { name: userName(owner.user), email: owner.user.email },
    otherAccount: signInAddress(code),
  })
  return page(c, confirm)
}

/** A code was typed, or decided about. */
export async function postDevice(c: AsyncContext): Promise<Response> {
  const form = (await readForm(c.req.raw)).unrepeated()
  if (!(await isOwnForm(c, form.get('csrf')))) return refusal(c, 'cross_site_post', 403)
  const typed = form.get('user_code') ?? ''
  const code = typedUserCode(typed)
  const action = form.get('action')
  if (action === undefined) {
    const found = await lookUp(c, code, typed)
    return found instanceof Response ? found : c.redirect(addressOf(found.userCode ?? ''), 303)
  }
  const owner = await ownerOf(c)
  if (!owner) return toSignIn(c, code === undefined ? '/device' : addressOf(code))
  const ask = await lookUp(c, code, typed)
  if (ask instanceof Response) return ask
  const decision = action === 'allow' ? 'allowed' : 'denied'
  const won = decision === 'allowed' ? await approve(c, ask, owner) : await deny(c, ask, owner)
  if (!won) return codePage(c, { typed, problem: 'over' })
  const client = await clientOf(c, ask)
  return page(c, DeviceDone({ frame: frameOf(c), decision, clientName: client ? displayName(client) : ask.clientId }))
}

/** The request under a code, or the page that says why there is none. Counted before it is looked up. */
async function lookUp(c: AsyncContext, code: string | undefined, typed: string): Promise<Ask | Response> {
  const { deps, now } = c.var
  const browser = await markedBrowser(c)
  const address = c.req.header('cf-connecting-ip') ?? ''
  const retryAfter = await deps.attempts.code(browser.id, address, now)
  if (retryAfter > 0) {
    c.header('retry-after', String(retryAfter))
    return codePage(c, { typed, problem: 'throttled', retryAfter })
  }
  const ask = code === undefined ? undefined : await deps.asks.findByUserCode(code, now)
  if (!ask) return codePage(c, { typed, problem: 'wrong' })
  await deps.attempts.rightCode(browser.id, address, now)
  return ask
}

function addressOf(code: string): string {
  return `/device?${new URLSearchParams({ user_code: shownUserCode(code) })}`
}

function signInAddress(code: string): string {
  return `/signin?${new URLSearchParams({ return_to: addressOf(code) })}`
}

interface CodeState {
  readonly typed?: string
  readonly problem?: 'wrong' | 'over' | 'throttled'
  readonly retryAfter?: number
}

async function codePage(c: AsyncContext, state: CodeState): Promise<Response> {
  const { csrf } = await markedBrowser(c)
  const status = state.problem === undefined ? 200 : state.problem === 'throttled' ? 429 : 400
  return page(c, EnterCode({ frame: frameOf(c), csrf, ...state, typed: state.typed?.slice(0, 20) }), status)
}
