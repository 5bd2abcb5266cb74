import { readForm } from '../../../shared/http/form.ts'
import type { SamlContext } from '../deps.ts'
import { fromPost, fromRedirect } from '../inbound.ts'
import { receiveLogout } from '../logout/receive.ts'

/** Single logout of identity providers by HTTP-Redirect, Profiles §4.4: their wish, or their answer to ours. */
export async function spSlo(c: SamlContext): Promise<Response> {
  return receiveLogout(c, await fromRedirect(new URL(c.req.url).search), 'idp')
}

/** The same by HTTP-POST. */
export async function spSloByPost(c: SamlContext): Promise<Response> {
  return receiveLogout(c, fromPost(await readForm(c.req.raw)), 'idp')
}
