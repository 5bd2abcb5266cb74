import { bindings } from './bindings.ts'
import { nameIdFormats } from './name-id.ts'
import { keyInfo } from './sign.ts'
import { ns } from './xml/namespaces.ts'
import { element, type Markup } from './xml/write.ts'

/** How long partners that load it again may keep it. */
const cacheDuration = 'PT6H'

export interface OwnRole {
  /** All that are published: during a rotation both, so that partners learn the next before it signs. */
  readonly signingCertificates: readonly string[]
  /** Whose keys others may encrypt for. */
  readonly encryptionCertificates: readonly string[]
  readonly slo: readonly { readonly url: string; readonly binding: string }[]
}

export interface OwnIdentityProvider extends OwnRole {
  readonly sso: string
}

export interface OwnServiceProvider extends OwnRole {
  readonly acs: string
  readonly nameIdFormats: readonly string[]
}

/** What we say of ourselves (Metadata §2.3.2), in the order of the schema; to be signed before its first child. */
export function metadataMarkup(own: {
  readonly id: string
  readonly entityId: string
  readonly identityProvider?: OwnIdentityProvider
  readonly serviceProvider?: OwnServiceProvider
}): Markup {
  return element(
    'md:EntityDescriptor',
    { 'xmlns:md': ns.metadata, ID: own.id, entityID: own.entityId, cacheDuration },
    own.identityProvider && identityProviderMarkup(own.identityProvider),
    own.serviceProvider && serviceProviderMarkup(own.serviceProvider),
  )
}

function identityProviderMarkup(role: OwnIdentityProvider): Markup {
  const formats = [
    nameIdFormats.persistent,
    nameIdFormats.transient,
    nameIdFormats.emailAddress,
    nameIdFormats.unspecified,
  ]
  return element(
    'md:IDPSSODescriptor',
    { protocolSupportEnumeration: ns.protocol },
    ...keyMarkups(role),
    ...role.slo.map(({ url, binding }) => element('md:SingleLogoutService', { Binding: binding, Location: url })),
    ...formats.map((format) => element('md:NameIDFormat', {}, format)),
    element('md:SingleSignOnService', { Binding: bindings.redirect, Location: role.sso }),
    element('md:SingleSignOnService', { Binding: bindings.post, Location: role.sso }),
  )
}

function serviceProviderMarkup(role: OwnServiceProvider): Markup {
  return element(
    'md:SPSSODescriptor',
    { AuthnRequestsSigned: 'true', WantAssertionsSigned: 'true', protocolSupportEnumeration: ns.protocol },
    ...keyMarkups(role),
    ...role.slo.map(({ url, binding }) => element('md:SingleLogoutService', { Binding: binding, Location: url })),
    ...role.nameIdFormats.map((format) => element('md:NameIDFormat', {}, format)),
    element('md:AssertionConsumerService', {
      Binding: bindings.post,
      Location: role.acs,
      index: '0',
      isDefault: 'true',
    }),
  )
}

function keyMarkups(role: OwnRole): Markup[] {
  const encryptionMethods = [
    'http://www.w3.org/2009/xmlenc11#aes256-gcm',
    'http://www.w3.org/2009/xmlenc11#aes128-gcm',
    'http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p',
  ].map((algorithm) => element('md:EncryptionMethod', { Algorithm: algorithm }))
  return [
    ...role.signingCertificates.map((each) => element('md:KeyDescriptor', { use: 'signing' }, keyInfo(each))),
    ...role.encryptionCertificates.map((each) =>
      element('md:KeyDescriptor', { use: 'encryption' }, keyInfo(each), ...encryptionMethods),
    ),
  ]
}
