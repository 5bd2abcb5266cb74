import { readForm } from '../../../shared/http/form.ts'
import type { SamlContext } from '../deps.ts'
import { frameOf, page, refusalPage } from '../html.ts'
import { ofThisBrowser } from '../this-browser.ts'
import { fromPost, fromRedirect } from '../inbound.ts'
import { SignOut } from '../pages/sign-out.tsx'
import { newId, responseMarkup } from '../response.ts'
import { statusMarkup } from '../status.ts'
import { askInFront, frontEndpoint, partnerOf, sendLogout } from './ask.ts'
import type { LogoutRecord } from './logout-record.ts'
import { receiveLogout } from './receive.ts'
import { beginRun, findRun, requestId, type Run, saveRun, withState } from './run.ts'
import { selfFor } from './self.ts'

/** Single logout of service providers by HTTP-Redirect, Profiles §4.4. */
export async function slo(c: SamlContext): Promise<Response> {
  return receiveLogout(c, await fromRedirect(new URL(c.req.url).search), 'sp')
}

/** The same by HTTP-POST. */
export async function sloByPost(c: SamlContext): Promise<Response> {
  return receiveLogout(c, fromPost(await readForm(c.req.raw)), 'sp')
}

/** How far a sign-out has come: it goes on by itself until somebody could not be told. */
export async function showLogout(c: SamlContext): Promise<Response> {
  // Without one the person wants to be signed out: op-auth asks, ends the session and comes back.
  if (c.req.query('interaction') === undefined) return c.redirect('/logout', 303)
  const found = await runOf(c)
  if (found instanceof Response) return found
  const run = await beginRun(c, found)
  if (!run) {
    await scheduler.wait(500)
    return backTo(c, found)
  }
  const partners = run.record.partners ?? []
  if (partners.every(({ state }) => state === 'done') && hasDestination(run.record)) return finish(c, run)
  const next = partners.findIndex(({ state }) => state === 'waiting')
  const interaction = run.interaction.handle
  const address = (path: string, more: Record<string, string> = {}) =>
    `/saml/idp/logout/${path}?${new URLSearchParams({ interaction, ...more })}`
  const content = SignOut({
    frame: frameOf(c),
    partners,
    next: next < 0 ? undefined : { name: partners[next]?.name ?? '', href: address('next', { partner: String(next) }) },
    finish: hasDestination(run.record) ? address('finish') : undefined,
  })
  return page(c, content)
}

/** Leads the browser to the next partner. */
export async function askNext(c: SamlContext): Promise<Response> {
  const run = await runOf(c)
  if (run instanceof Response) return run
  const index = Number(c.req.query('partner'))
  const told = run.record.partners?.[index]
  if (!told || told.state === 'done' || told.state === 'failed') return backTo(c, run)
  const partner = await partnerOf(c, told)
  const request = partner && (await askInFront(c, partner, told, requestId(run, index)))
  await saveRun(c, run, withState(run.record, index, request ? 'asked' : 'failed'))
  return request ?? backTo(c, run)
}

function backTo(c: SamlContext, run: Run): Response {
  return c.redirect(`/saml/idp/logout?${new URLSearchParams({ interaction: run.interaction.handle })}`, 303)
}

/** The person goes on, whoever could not be told. */
export async function finishLogout(c: SamlContext): Promise<Response> {
  const run = await runOf(c)
  return run instanceof Response ? run : finish(c, run)
}

/** The run in the browser that began it, or the page that says why not. */
async function runOf(c: SamlContext): Promise<Run | Response> {
  const run = await findRun(c, c.req.query('interaction'))
  if (!run) return refusalPage(c, 'expired_interaction', 400)
  const interaction = await ofThisBrowser(c, run.interaction)
  return interaction ? { ...run, interaction } : refusalPage(c, 'other_browser', 400)
}

function hasDestination({ initiator, returnTo }: LogoutRecord): boolean {
  return initiator !== undefined || returnTo !== undefined
}

/** Answers the partner that wished it, or leads the person on. */
async function finish(c: SamlContext, run: Run): Promise<Response> {
  const { deps, now } = c.var
  const { initiator, returnTo } = run.record
  if (!(await deps.interactions.finish(run.interaction, now))) return refusalPage(c, 'expired_interaction', 400)
  if (!initiator) return c.redirect(returnTo ?? '/', 303)
  const partner = await partnerOf(c, initiator)
  const endpoint = partner && frontEndpoint(partner)
  if (!partner || !endpoint) return page(c, SignOut({ frame: frameOf(c), partners: run.record.partners ?? [] }))
  const markup = responseMarkup('LogoutResponse', {
    id: newId(),
    issuer: selfFor(deps.issuer, partner).entityId,
    destination: endpoint.responseUrl ?? endpoint.url,
    inResponseTo: initiator.id,
    status: statusOf(run.record),
    now,
  })
  return sendLogout(c, partner, endpoint, 'SAMLResponse', markup, initiator.relayState)
}

/** The session here has ended in any case; `PartialLogout` says that not everybody knows (Core §3.7.3.2). */
function statusOf({ partners, unknown }: LogoutRecord) {
  if (unknown) return statusMarkup('Requester', 'UnknownPrincipal')
  const isComplete = (partners ?? []).every(({ state }) => state === 'done')
  return isComplete ? statusMarkup('Success') : statusMarkup('Success', 'PartialLogout')
}
