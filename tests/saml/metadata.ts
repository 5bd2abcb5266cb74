import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { testKeys } from '../../workers/op-saml/testing/keys.ts'

const protocol = 'urn:oasis:names:tc:SAML:2.0:protocol'
const binding = 'urn:oasis:names:tc:SAML:2.0:bindings:'

interface Described {
  readonly entityId: string
  readonly origin?: string
  readonly certificates?: readonly string[]
  readonly attributes?: string
  readonly name?: string
}

/** The metadata of an identity provider as others write it. */
export function identityProviderMetadata(described: Described): string {
  const { origin = 'https://idp.partner.example', attributes = '', name } = described
  return `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${described.entityId}" ${attributes}>
  <md:IDPSSODescriptor WantAuthnRequestsSigned="true" protocolSupportEnumeration="${protocol}">
    ${keyDescriptors(described)}
    <md:SingleLogoutService Binding="${binding}HTTP-Redirect" Location="${origin}/slo"/>
    <md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>
    <md:SingleSignOnService Binding="${binding}HTTP-Redirect" Location="${origin}/sso"/>
  </md:IDPSSODescriptor>
  ${name ? organization(name) : ''}
</md:EntityDescriptor>`
}

/** The metadata of a service provider as others write it. */
export function serviceProviderMetadata(described: Described): string {
  const { origin = 'https://sp.partner.example', attributes = '', name } = described
  return `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${described.entityId}" ${attributes}>
  <md:SPSSODescriptor AuthnRequestsSigned="true" protocolSupportEnumeration="${protocol}">
    ${keyDescriptors(described)}
    <md:SingleLogoutService Binding="${binding}HTTP-POST" Location="${origin}/slo" ResponseLocation="${origin}/slo/done"/>
    <md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat>
    <md:AssertionConsumerService Binding="${binding}HTTP-POST" Location="${origin}/acs" index="0" isDefault="true"/>
  </md:SPSSODescriptor>
  ${name ? organization(name) : ''}
</md:EntityDescriptor>`
}

export function aggregateOf(...entities: readonly string[]): string {
  return `<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">${entities.join('')}</md:EntitiesDescriptor>`
}

function keyDescriptors({ certificates = [testKeys.partner.certificate] }: Described): string {
  return certificates
    .map(
      (certificate) => `<md:KeyDescriptor><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">
      <ds:X509Data><ds:X509Certificate>${certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`,
    )
    .join('')
}

function organization(name: string): string {
  return `<md:Organization><md:OrganizationName xml:lang="en">${name}</md:OrganizationName>
    <md:OrganizationDisplayName xml:lang="en">${name}</md:OrganizationDisplayName>
    <md:OrganizationURL xml:lang="en">https://partner.example</md:OrganizationURL></md:Organization>`
}

/** A place where metadata can be fetched, which answers what the test puts there. */
export interface MetadataSite extends AsyncDisposable {
  readonly url: string
  answer: string
  status: number
  fetched: number
}

export async function metadataSite(answer: string): Promise<MetadataSite> {
  const server = createServer((_request, response) => {
    site.fetched += 1
    response.writeHead(site.status, { 'content-type': 'application/samlmetadata+xml', location: 'http://127.0.0.1:1/' })
    response.end(site.answer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address: AddressInfo | string | null = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const site: MetadataSite = {
    url: `http://127.0.0.1:${port}/metadata`,
    answer,
    status: 200,
    fetched: 0,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return site
}
