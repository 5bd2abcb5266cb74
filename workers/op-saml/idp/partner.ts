import { OAuthError } from '../../../shared/protocol/error.ts'
import { isUsable, type ServiceProvider } from '../../../shared/protocol/saml-partner.ts'
import type { SamlContext } from '../deps.ts'

/**
 * The service provider of an entity id, if it may have people signed in now.
 * @throws OAuthError access_denied for one that is unknown, was stopped, or whose metadata has expired.
 */
export async function servedPartner(c: SamlContext, entityId: string): Promise<ServiceProvider> {
  const partner = await c.var.deps.partners.find('sp', entityId)
  if (partner?.role !== 'sp' || partner.entityId !== entityId) throw notServed('unknown', entityId)
  return served(partner, c.var.now)
}

/** The same, by the alias that stands in addresses. */
export async function servedAlias(c: SamlContext, alias: string): Promise<ServiceProvider> {
  const partner = await c.var.deps.partners.find('sp', alias)
  if (partner?.role !== 'sp' || partner.alias !== alias) throw notServed('unknown', alias)
  return served(partner, c.var.now)
}

function served(partner: ServiceProvider, now: number): ServiceProvider {
  if (!isUsable(partner, now)) throw notServed('disabled or expired', partner.entityId)
  return partner
}

function notServed(why: 'unknown' | 'disabled or expired', partner: string): OAuthError {
  return new OAuthError('access_denied', 'the SAML partner is not served', { reason: `${why}: ${partner}` })
}
