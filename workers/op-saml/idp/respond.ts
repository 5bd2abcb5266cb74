import type { AssertionFacts } from '../assertion.ts'
import { assertionMarkup } from '../assertion.ts'
import { encodeBase64 } from '../base64.ts'
import { readCertificate } from '../certificate.ts'
import type { SamlContext } from '../deps.ts'
import { encryptAssertion } from '../encryption.ts'
import { sendPage } from '../html.ts'
import { newId, responseMarkup } from '../response.ts'
import { type SamlSigner, signed } from '../sign.ts'
import { type SecondStatus, statusMarkup } from '../status.ts'
import { type Markup, type Raw, writeXml } from '../xml/write.ts'
import { idpAddresses } from './addresses.ts'
import type { Flow } from './flow.ts'

type PersonFacts = Pick<
  AssertionFacts,
  'nameId' | 'attributes' | 'sessionIndex' | 'authnInstant' | 'sessionEndsAt' | 'contextClass'
>

/** Sends the response that says who signed in (Profiles §4.1.3.5): by POST, the assertion signed. */
export async function respond(c: SamlContext, flow: Flow, person: PersonFacts): Promise<Response> {
  const { deps, now } = c.var
  const { partner, record } = flow
  const signer = await deps.keys.signer(now)
  const markup = assertionMarkup({
    ...person,
    id: newId(),
    issuer: idpAddresses(deps.issuer).entityId,
    audience: partner.entityId,
    recipient: record.acs,
    inResponseTo: record.id,
    now,
  })
  const assertion = await signed(markup, signer)
  if (!partner.encryptAssertion) return send(c, flow, statusMarkup('Success'), signer, assertion)
  const certificate = partner.encryptionCertificates.find(isRsa)
  // Never in the clear because a key is missing: the operator wanted it encrypted.
  if (!certificate) return respondRefusal(c, flow, 'RequestUnsupported', 'no key to encrypt for')
  return send(c, flow, statusMarkup('Success'), signer, await encryptAssertion(assertion, certificate))
}

/** Says why nobody was signed in, without an assertion (Core §3.2.2.2). */
export async function respondRefusal(c: SamlContext, flow: Flow, second: SecondStatus, why: string): Promise<Response> {
  c.var.log['status'] = second
  c.var.log['why'] = why
  const top = second === 'InvalidNameIDPolicy' ? 'Requester' : 'Responder'
  return send(c, flow, statusMarkup(top, second, why), await c.var.deps.keys.signer(c.var.now))
}

async function send(
  c: SamlContext,
  { partner, record }: Flow,
  status: Markup,
  signer: SamlSigner,
  assertion?: Markup | Raw,
): Promise<Response> {
  const { deps, now } = c.var
  const facts = {
    id: newId(),
    issuer: idpAddresses(deps.issuer).entityId,
    destination: record.acs,
    inResponseTo: record.id,
    status,
    now,
  }
  const markup = responseMarkup('Response', facts, assertion)
  // A refusal holds no signed assertion, so that its own signature is all that proves it.
  const xml = partner.signResponse || !assertion ? (await signed(markup, signer)).raw : writeXml(markup)
  return sendPage(c, partner.name, record.acs, {
    SAMLResponse: encodeBase64(new TextEncoder().encode(xml)),
    ...(record.relayState !== undefined && { RelayState: record.relayState }),
  })
}

function isRsa(certificate: string): boolean {
  return readCertificate(certificate).type === 'rsa'
}
