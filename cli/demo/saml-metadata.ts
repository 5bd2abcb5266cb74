import { samlKey } from './saml-key.ts'

const binding = 'urn:oasis:names:tc:SAML:2.0:bindings:'

/** Where the demo application speaks SAML. */
export function samlAddresses(url: string) {
  return { entityId: `${url}/saml/metadata`, acs: `${url}/saml/acs`, slo: `${url}/saml/slo` } as const
}

/** What an identity provider has to know of the demo application. */
export function samlMetadata(url: string): string {
  const { entityId, acs, slo } = samlAddresses(url)
  return `<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${entityId}">
  <md:SPSSODescriptor AuthnRequestsSigned="true" WantAssertionsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:KeyDescriptor use="signing">
      <ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">
        <ds:X509Data><ds:X509Certificate>${samlKey.certificate}</ds:X509Certificate></ds:X509Data>
      </ds:KeyInfo>
    </md:KeyDescriptor>
    <md:SingleLogoutService Binding="${binding}HTTP-Redirect" Location="${slo}"/>
    <md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>
    <md:AssertionConsumerService Binding="${binding}HTTP-POST" Location="${acs}" index="0" isDefault="true"/>
  </md:SPSSODescriptor>
  <md:Organization>
    <md:OrganizationName xml:lang="en">Demo application</md:OrganizationName>
    <md:OrganizationDisplayName xml:lang="en">Demo application</md:OrganizationDisplayName>
    <md:OrganizationURL xml:lang="en">${url}/</md:OrganizationURL>
  </md:Organization>
</md:EntityDescriptor>
`
}
