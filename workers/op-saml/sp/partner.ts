import { OAuthError } from '../../../shared/protocol/error.ts'
import { type IdentityProvider, isUsable } from '../../../shared/protocol/saml-partner.ts'
import type { SamlContext } from '../deps.ts'

/**
 * The identity provider of an entity id, if its people may sign in now.
 * @throws OAuthError access_denied for one that is unknown, was stopped, or whose metadata has expired.
 */
export async function trustedProvider(c: SamlContext, entityId: string): Promise<IdentityProvider> {
  const partner = await c.var.deps.partners.find('idp', entityId)
  return usable(c, partner?.role === 'idp' && partner.entityId === entityId ? partner : undefined, entityId)
}

/** The same, by the alias that stands in addresses. */
export async function trustedAlias(c: SamlContext, alias: string): Promise<IdentityProvider> {
  const partner = await c.var.deps.partners.find('idp', alias)
  return usable(c, partner?.role === 'idp' && partner.alias === alias ? partner : undefined, alias)
}

function usable(c: SamlContext, partner: IdentityProvider | undefined, name: string): IdentityProvider {
  if (partner && isUsable(partner, c.var.now)) return partner
  const reason = `${partner ? 'disabled or expired' : 'unknown'}: ${name}`
  throw new OAuthError('access_denied', 'the identity provider is not trusted', { reason })
}
