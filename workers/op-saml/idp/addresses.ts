import { ownIdentityProviderId } from '../own-entity.ts'

/** Where we are as an identity provider. The entity id is where our metadata is. */
export function idpAddresses(issuer: string) {
  return {
    entityId: ownIdentityProviderId(issuer),
    sso: `${issuer}/saml/idp/sso`,
    slo: `${issuer}/saml/idp/slo`,
  } as const
}
