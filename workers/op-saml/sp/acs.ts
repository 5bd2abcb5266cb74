import type { StoredInteraction } from '../../../shared/http/interactions.ts'
import { readForm } from '../../../shared/http/form.ts'
import { invalidRequest, tooManyRequests } from '../../../shared/protocol/error.ts'
import type { IdentityProvider } from '../../../shared/protocol/saml-partner.ts'
import { addressKey } from '../../../shared/protocol/throttling.ts'
import type { SamlContext } from '../deps.ts'
import { readEnvelope } from '../envelope.ts'
import { refusalPage } from '../html.ts'
import { fromPost } from '../inbound.ts'
import { ownServiceProvider } from '../own-entity.ts'
import type { ReceivedAssertion } from '../received-assertion.ts'
import { readResponse } from '../received-response.ts'
import { claimOnce } from '../replay.ts'
import { tolerance } from '../time.ts'
import { trustedProvider } from './partner.ts'
import { type Away, awayFor, keepBack } from './transaction.ts'

/** Who is expected to answer, and to what. */
interface Expected {
  readonly partner: IdentityProvider
  /** Undefined for a response that answers nothing. */
  readonly away: Away | undefined
  readonly stored: StoredInteraction | undefined
}

/**
 * Assertion consumer service, Profiles §4.1.4.3. What the message says of itself only selects whom to ask; everything
 * that counts is read from what was signed. RelayState is not looked at: where the browser goes on was stored by us.
 */
export async function consume(c: SamlContext): Promise<Response> {
  const { deps, now } = c.var
  await limitRate(c)
  const inbound = fromPost(await readForm(c.req.raw))
  if (inbound.parameter !== 'SAMLResponse') throw invalidRequest('SAMLResponse is expected')
  const claimed = readEnvelope(inbound.root, 'Response')
  const expected = await expectedFor(c, claimed)
  if (expected instanceof Response) return expected
  const { partner, away, stored } = expected
  c.var.log['partner'] = partner.entityId
  const own = ownServiceProvider(deps.issuer, partner)
  if (c.req.path !== new URL(own.acs).pathname)
    throw invalidRequest('the response came to the address of another entity')
  const received = await readResponse(inbound.root, {
    issuer: partner.entityId,
    audience: own.entityId,
    recipient: own.acs,
    requestId: away?.requestId,
    now,
    certificates: partner.signingCertificates,
    unwrap: await deps.keys.unwrap(now),
  })
  await claimOnce(c, partner.entityId, claimed.id)
  if ('refused' in received) {
    c.var.log['status'] = received.refused.second ?? received.refused.top
    return refusalPage(c, 'provider_refused', 403)
  }
  const { assertion } = received
  await claimOnce(c, partner.entityId, assertion.id, assertion.expiresAt)
  if (away?.forced && !isFresh(assertion, stored)) return refusalPage(c, 'not_asked_again', 403)
  if (stored && !(await deps.interactions.finish(stored, now))) return refusalPage(c, 'expired_interaction', 400)
  const handle = await keepBack(c, { ...said(partner, assertion), ...resumeOf(away) }, stored)
  return c.redirect(`/saml/sp/complete?${new URLSearchParams({ interaction: handle })}`, 303)
}

/** Reading and verifying XML costs more than sending it. */
async function limitRate(c: SamlContext): Promise<void> {
  const address = addressKey(c.req.header('cf-connecting-ip') ?? '')
  if (!(await c.var.deps.rate.limit({ key: `acs:${address}` })).success) throw tooManyRequests(60)
}

/** The sign-in of this very browser, or what the operator allows a provider to begin. */
async function expectedFor(
  c: SamlContext,
  claimed: { readonly inResponseTo: string | undefined; readonly issuer: string | undefined },
): Promise<Expected | Response> {
  if (claimed.inResponseTo !== undefined) {
    const found = await awayFor(c, claimed.inResponseTo)
    if (!found) return refusalPage(c, 'other_browser', 400)
    return { ...found, partner: await trustedProvider(c, found.away.entityId) }
  }
  const partner = await trustedProvider(c, claimed.issuer ?? '')
  if (partner.idpInitiated) return { partner, away: undefined, stored: undefined }
  c.var.log['partner'] = partner.entityId
  return refusalPage(c, 'start_here', 403)
}

/** The person was asked after we sent them away; clocks may differ. */
function isFresh({ authnInstant }: ReceivedAssertion, stored: StoredInteraction | undefined): boolean {
  return stored !== undefined && authnInstant >= stored.record.startedAt - tolerance
}

function said(partner: IdentityProvider, assertion: ReceivedAssertion) {
  const { nameId, sessionIndex, authnInstant, sessionEndsAt, contextClass, attributes } = assertion
  const { value, format, nameQualifier, spNameQualifier } = nameId
  return {
    entityId: partner.entityId,
    nameId: {
      value,
      format,
      ...(nameQualifier !== undefined && { nameQualifier }),
      ...(spNameQualifier !== undefined && { spNameQualifier }),
    },
    authnInstant,
    attributes: Object.fromEntries([...attributes].map(([name, values]) => [name, [...values]])),
    ...(sessionIndex !== undefined && { sessionIndex }),
    ...(sessionEndsAt !== undefined && { endsAt: sessionEndsAt }),
    ...(contextClass !== undefined && { contextClass }),
  }
}

function resumeOf(away: Away | undefined) {
  return away?.resume === undefined ? {} : { resume: away.resume }
}
