import { invalidRequest, OAuthError } from '../../../shared/protocol/error.ts'
import type { Partner, PartnerRole } from '../../../shared/protocol/saml-partner.ts'
import type { SamlContext } from '../deps.ts'
import { checkEnvelope, type Envelope } from '../envelope.ts'
import { recordParams } from '../record.ts'
import { believable, type Inbound } from '../inbound.ts'
import { readLogoutRequest, readLogoutResponse } from '../logout-message.ts'
import { claimOnce } from '../replay.ts'
import { partnerOf } from './ask.ts'
import { findRun, requestOf, saveRun, withState } from './run.ts'
import { selfFor } from './self.ts'
import { isComplete } from './soap.ts'

/**
 * Takes in a logout message of a partner and leads the browser to the page of that sign-out. Posted from the partner's
 * site it comes without our cookies; the page that follows has them.
 * @param role what partners are to us whose messages come here.
 * @throws OAuthError for messages that may not be believed: all of them have to be signed (Profiles §4.4.4).
 */
export async function receiveLogout(c: SamlContext, inbound: Inbound, role: PartnerRole): Promise<Response> {
  const handle =
    inbound.parameter === 'SAMLRequest' ? await received(c, inbound, role) : await answered(c, inbound, role)
  return c.redirect(`/saml/idp/logout?${new URLSearchParams({ interaction: handle })}`, 303)
}

/** A partner wants somebody signed out. */
async function received(c: SamlContext, inbound: Inbound, role: PartnerRole): Promise<string> {
  const { deps, now } = c.var
  const partner = await sender(c, role, readLogoutRequest(inbound.root, now).issuer)
  const { message } = await believable(inbound, partner.signingCertificates, true)
  const request = readLogoutRequest(message, now)
  await check(c, partner, request)
  const { id, nameId, sessionIndexes } = request
  const relayState = inbound.relayState
  const initiator = { role, entityId: partner.entityId, id, nameId, sessionIndexes: [...sessionIndexes], relayState }
  const params = recordParams({ initiator })
  const stored = await deps.interactions.start(c.req.raw, { v: 1, purpose: 'saml_logout', params, startedAt: now }, now)
  return stored.handle
}

/** A partner answers our request. */
async function answered(c: SamlContext, inbound: Inbound, role: PartnerRole): Promise<string> {
  const partner = await sender(c, role, readLogoutResponse(inbound.root).issuer)
  const { message } = await believable(inbound, partner.signingCertificates, true)
  const response = readLogoutResponse(message)
  await check(c, partner, response)
  const asked = requestOf(response.inResponseTo)
  const run = asked && (await findRun(c, asked.handle))
  const told = asked && run?.record.partners?.[asked.index]
  if (!run || !told || told.role !== role || told.entityId !== partner.entityId || told.state !== 'asked')
    throw invalidRequest('InResponseTo is another request', response.inResponseTo)
  const state = isComplete(response.status) ? 'done' : 'failed'
  await saveRun(c, run, withState(run.record, asked.index, state))
  return run.interaction.handle
}

async function sender(c: SamlContext, role: PartnerRole, entityId: string): Promise<Partner> {
  const partner = await partnerOf(c, { role, entityId })
  if (!partner) throw new OAuthError('access_denied', 'the SAML partner is not served', { reason: entityId })
  c.var.log['partner'] = partner.entityId
  return partner
}

async function check(c: SamlContext, partner: Partner, envelope: Envelope): Promise<void> {
  if (envelope.issuer !== partner.entityId) throw invalidRequest('Issuer is another partner')
  const addresses = [selfFor(c.var.deps.issuer, partner).slo]
  checkEnvelope(envelope, { addresses, isSigned: true, now: c.var.now })
  await claimOnce(c, partner.entityId, envelope.id)
}
