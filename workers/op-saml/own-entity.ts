import type { IdentityProvider } from '../../shared/protocol/saml-partner.ts'

/** Who we are as a service provider, and where. */
export interface OwnServiceProvider {
  /** Also the address of the metadata. */
  readonly entityId: string
  readonly acs: string
  readonly slo: string
}

/** Our entity as an identity provider; also the address of its metadata. */
export function ownIdentityProviderId(issuer: string): string {
  return `${issuer}/saml/idp/metadata`
}

/** For one identity provider, which may want us to be another entity than for others. */
export function ownServiceProvider(
  issuer: string,
  partner: Pick<IdentityProvider, 'alias' | 'separateEntity'> | undefined,
): OwnServiceProvider {
  const own = partner?.separateEntity ? `/${partner.alias}` : ''
  return {
    entityId: `${issuer}/saml/sp/metadata${own}`,
    acs: `${issuer}/saml/sp/acs${own}`,
    slo: `${issuer}/saml/sp/slo${own}`,
  }
}

/** Where people begin to sign in through an identity provider. */
export function loginAddress(issuer: string, alias: string): string {
  return `${issuer}/saml/sp/login/${alias}`
}
