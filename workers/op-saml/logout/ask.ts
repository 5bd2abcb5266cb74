import { isUsable, type Partner, type PartnerEndpoint } from '../../../shared/protocol/saml-partner.ts'
import { encodeBase64 } from '../base64.ts'
import { bindings } from '../bindings.ts'
import type { SamlContext } from '../deps.ts'
import { sendPage } from '../html.ts'
import { logoutRequestMarkup } from '../logout-message.ts'
import { redirectAddress } from '../redirect-binding.ts'
import { newId } from '../response.ts'
import { signed } from '../sign.ts'
import { type Markup, writeXml } from '../xml/write.ts'
import type { ToldPartner } from './logout-record.ts'
import { selfFor } from './self.ts'
import { soapLogout } from './soap.ts'

/** The partner, if it may still be spoken with. */
export async function partnerOf(
  c: SamlContext,
  told: Pick<ToldPartner, 'role' | 'entityId'>,
): Promise<Partner | undefined> {
  const partner = await c.var.deps.partners.find(told.role, told.entityId)
  return partner?.entityId === told.entityId && isUsable(partner, c.var.now) ? partner : undefined
}

/** Where a browser takes a logout message of ours; undefined where the partner has no such place. */
export function frontEndpoint({ slo }: Partner): PartnerEndpoint | undefined {
  return (
    slo.find(({ binding }) => binding === bindings.redirect) ?? slo.find(({ binding }) => binding === bindings.post)
  )
}

/** Asks the partner behind the browser's back, where it offers that. True once it has signed the person out. */
export async function askBehind(c: SamlContext, partner: Partner, told: ToldPartner): Promise<boolean> {
  const endpoint = partner.slo.find(({ binding }) => binding === bindings.soap)
  if (!endpoint) return false
  return soapLogout(c, partner, endpoint.url, requestTo(c, partner, told, endpoint.url, newId()))
}

/** Sends the browser to the partner with our request. */
export async function askInFront(
  c: SamlContext,
  partner: Partner,
  told: ToldPartner,
  id: string,
): Promise<Response | undefined> {
  const endpoint = frontEndpoint(partner)
  return endpoint && sendLogout(c, partner, endpoint, 'SAMLRequest', requestTo(c, partner, told, endpoint.url, id))
}

/** Sends the browser with a logout message: signed in the address, or in the message. */
export async function sendLogout(
  c: SamlContext,
  partner: Partner,
  endpoint: PartnerEndpoint,
  parameter: 'SAMLRequest' | 'SAMLResponse',
  markup: Markup,
  relayState?: string,
): Promise<Response> {
  const signer = await c.var.deps.keys.signer(c.var.now)
  const destination = markup.attributes['Destination'] ?? endpoint.url
  if (endpoint.binding === bindings.redirect) {
    const message = { parameter, xml: writeXml(markup), relayState }
    return c.redirect(await redirectAddress(destination, message, signer), 303)
  }
  const { raw } = await signed(markup, signer)
  return sendPage(c, partner.name, destination, {
    [parameter]: encodeBase64(new TextEncoder().encode(raw)),
    ...(relayState !== undefined && { RelayState: relayState }),
  })
}

function requestTo(c: SamlContext, partner: Partner, told: ToldPartner, destination: string, id: string): Markup {
  return logoutRequestMarkup({
    id,
    issuer: selfFor(c.var.deps.issuer, partner).entityId,
    destination,
    nameId: told.nameId,
    sessionIndex: told.sessionIndex,
    now: c.var.now,
  })
}
