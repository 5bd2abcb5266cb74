import type { Partner } from '../../../shared/protocol/saml-partner.ts'
import type { SamlContext } from '../deps.ts'
import { readLogoutResponse } from '../logout-message.ts'
import { refuseOtherSignatures, verifySigned } from '../signature.ts'
import { signed } from '../sign.ts'
import { ns } from '../xml/namespaces.ts'
import { parseXml } from '../xml/parse.ts'
import { isNamed, requiredChild } from '../xml/read.ts'
import { element, type Markup, writeXml } from '../xml/write.ts'

/** The SOAP binding (Bindings §3.2), from us to a partner. True if it answered, signed, that the person is signed out. */
export async function soapLogout(c: SamlContext, partner: Partner, url: string, request: Markup): Promise<boolean> {
  const { deps, now } = c.var
  const raw = await signed(request, await deps.keys.signer(now))
  const envelope = element('soap:Envelope', { 'xmlns:soap': ns.soap }, element('soap:Body', {}, raw))
  try {
    const answer = await deps.outbound.fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'text/xml; charset=utf-8',
        soapaction: 'http://www.oasis-open.org/committees/security',
      },
      body: writeXml(envelope),
    })
    return await isSignedOut(partner, request.attributes['ID'] ?? '', await answer.text())
  } catch (error) {
    // The person is told; the sign-out goes on without this partner.
    console.warn(
      JSON.stringify({ level: 'warn', event: 'soap_logout_failed', partner: partner.entityId, reason: String(error) }),
    )
    return false
  }
}

/** @throws OAuthError invalid_request for an answer that is not the partner's to this request. */
async function isSignedOut(partner: Partner, requestId: string, text: string): Promise<boolean> {
  const root = parseXml(text)
  if (!isNamed(root, ns.soap, 'Envelope')) return false
  const message = requiredChild(requiredChild(root, ns.soap, 'Body'), ns.protocol, 'LogoutResponse')
  refuseOtherSignatures(root, [message])
  const verified = await verifySigned(root, message, partner.signingCertificates)
  if (!verified) return false
  const { issuer, inResponseTo, status } = readLogoutResponse(verified)
  return issuer === partner.entityId && inResponseTo === requestId && isComplete(status)
}

/** Whether a status says that the person is signed out there and behind. */
export function isComplete({ top, second }: { readonly top: string; readonly second?: string | undefined }): boolean {
  return top === 'Success' && second !== 'PartialLogout'
}
