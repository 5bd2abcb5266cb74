/** Where we are as an identity provider. The entity id is where our metadata is. */
export function idpAddresses(issuer: string) {
  return {
    entityId: `${issuer}/saml/idp/metadata`,
    sso: `${issuer}/saml/idp/sso`,
    slo: `${issuer}/saml/idp/slo`,
  } as const
}
