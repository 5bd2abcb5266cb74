import { readForm } from '../../../shared/http/form.ts'
import { invalidRequest, tooManyRequests } from '../../../shared/protocol/error.ts'
import type { ServiceProvider } from '../../../shared/protocol/saml-partner.ts'
import { addressKey } from '../../../shared/protocol/throttling.ts'
import { readAuthnRequest } from '../authn-request.ts'
import type { SamlContext } from '../deps.ts'
import { checkEnvelope } from '../envelope.ts'
import { refusalPage } from '../html.ts'
import { believable, fromPost, fromRedirect, type Inbound, limitedRelayState } from '../inbound.ts'
import { claimOnce } from '../replay.ts'
import { idpAddresses } from './addresses.ts'
import { consumerOf } from './consumer.ts'
import { type Flow, proceed } from './flow.ts'
import { servedAlias, servedPartner } from './partner.ts'
import { recordParams } from '../record.ts'
import { ofThisBrowser } from '../this-browser.ts'
import { readSignOnRecord, type SignOnRecord } from './request-record.ts'

/** Single sign-on by HTTP-Redirect, Profiles §4.1. */
export async function sso(c: SamlContext): Promise<Response> {
  const { partner, record } = await received(c, await fromRedirect(new URL(c.req.url).search))
  return proceed(c, { partner, record, interaction: undefined })
}

/**
 * The same by HTTP-POST. Posted from the partner's site it comes without our cookies, so it is kept and taken up by a
 * GET of our own, where the session can be read.
 */
export async function ssoByPost(c: SamlContext): Promise<Response> {
  const { partner, record } = await received(c, fromPost(await readForm(c.req.raw)))
  const { deps, now } = c.var
  const stored = await deps.interactions.start(
    c.req.raw,
    { v: 1, purpose: 'saml', params: recordParams(record), clientName: partner.name, startedAt: now },
    now,
  )
  return c.redirect(`/saml/idp/continue?${new URLSearchParams({ interaction: stored.handle })}`, 303)
}

/** Sign-on that nobody asked for (Profiles §4.1.5), to partners that the operator allowed it for. */
export async function start(c: SamlContext): Promise<Response> {
  await limit(c)
  const partner = await servedAlias(c, c.req.param('alias') ?? '')
  if (!partner.idpInitiated) return refusalPage(c, 'not_offered', 403)
  const consumer = consumerOf(partner, {})
  if (!consumer) return refusalPage(c, 'bad_consumer', 400)
  const relayState = limitedRelayState(c.req.query('RelayState'))
  const record = {
    partner: partner.entityId,
    acs: consumer.url,
    forceAuthn: false,
    isPassive: false,
    allowCreate: true,
  }
  return proceed(c, {
    partner,
    record: { ...record, ...(relayState !== undefined && { relayState }) },
    interaction: undefined,
  })
}

/** What anybody can send is stored only so often for an address. @throws OAuthError too_many_requests */
async function limit(c: SamlContext): Promise<void> {
  const address = addressKey(c.req.header('cf-connecting-ip') ?? '')
  if (!(await c.var.deps.rate.limit({ key: `unsigned:${address}` })).success) throw tooManyRequests(60)
}

/** Takes up what a form post or the sign-in page left. */
export async function resume(c: SamlContext): Promise<Response> {
  const flow = await flowOf(c, c.req.query('interaction'))
  return flow instanceof Response ? flow : proceed(c, flow)
}

/** A partner may have been stopped, or an address of it removed, while the person signed in. */
async function flowOf(c: SamlContext, handle: string | undefined): Promise<Flow | Response> {
  const { deps, now } = c.var
  const found = await deps.interactions.find(handle, now)
  const record = found?.record.purpose === 'saml' ? readSignOnRecord(found.record.params) : undefined
  if (!found || !record) return refusalPage(c, 'expired_interaction', 400)
  const interaction = await ofThisBrowser(c, found)
  if (!interaction) return refusalPage(c, 'other_browser', 400)
  const partner = await servedPartner(c, record.partner)
  if (!consumerOf(partner, { acsUrl: record.acs })) return refusalPage(c, 'bad_consumer', 400)
  return { partner, record, interaction }
}

/** Everything about a request that is checked before anybody is asked anything (Profiles §4.1.4.1, Core §3.4.1.4). */
async function received(c: SamlContext, inbound: Inbound): Promise<{ partner: ServiceProvider; record: SignOnRecord }> {
  const { deps, now } = c.var
  if (inbound.parameter !== 'SAMLRequest') throw invalidRequest('SAMLRequest is expected')
  const partner = await servedPartner(c, readAuthnRequest(inbound.root).issuer)
  c.var.log['partner'] = partner.entityId
  const { message, isSigned } = await believable(inbound, partner.signingCertificates, partner.authnRequestsSigned)
  const request = readAuthnRequest(message)
  if (request.issuer !== partner.entityId) throw invalidRequest('Issuer is another partner')
  checkEnvelope(request, { addresses: [idpAddresses(deps.issuer).sso], isSigned, now })
  const consumer = consumerOf(partner, request)
  if (!consumer) throw invalidRequest('the address to answer to is not of the partner’s metadata', request.acsUrl)
  if (!isSigned) await limit(c)
  await claimOnce(c, partner.entityId, request.id)
  const { id, forceAuthn, isPassive, allowCreate, nameIdFormat, spNameQualifier, contexts, subject } = request
  const record = { id, forceAuthn, isPassive, allowCreate, nameIdFormat, spNameQualifier, subject }
  return {
    partner,
    record: {
      ...record,
      partner: partner.entityId,
      acs: consumer.url,
      relayState: inbound.relayState,
      contexts: contexts && { comparison: contexts.comparison, classes: [...contexts.classes] },
    },
  }
}
