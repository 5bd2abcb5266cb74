import type { Partner } from '../../../shared/protocol/saml-partner.ts'
import { idpAddresses } from '../idp/addresses.ts'
import { ownServiceProvider } from '../own-entity.ts'

/** Who we are to a partner, and where its logout messages come: its identity provider, or its service provider. */
export function selfFor(issuer: string, partner: Partner): { readonly entityId: string; readonly slo: string } {
  return partner.role === 'sp' ? idpAddresses(issuer) : ownServiceProvider(issuer, partner)
}
