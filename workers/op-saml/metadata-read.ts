import type { Element } from '@xmldom/xmldom'
import { invalidRequest } from '../../shared/protocol/error.ts'
import { bindings } from './bindings.ts'
import { readCertificate } from './certificate.ts'
import { refuseOtherSignatures, verifySigned } from './signature.ts'
import { readDateTime } from './time.ts'
import { ns } from './xml/namespaces.ts'
import { parseXml } from './xml/parse.ts'
import {
  attributeOf,
  childOf,
  childrenOf,
  descendantsOf,
  isNamed,
  requiredAttribute,
  textOf,
  tokenOf,
} from './xml/read.ts'

/** Aggregates of a few hundred partners. Bytes. */
const maximumMetadata = 1_048_576

export interface Endpoint {
  readonly url: string
  /** Its full name. */
  readonly binding: string
  /** Where answers go, if somewhere else. */
  readonly responseUrl?: string
}

export interface ConsumerEndpoint extends Endpoint {
  readonly index: number
  readonly isDefault: boolean
}

interface Role {
  /** DER in base64. */
  readonly signingCertificates: readonly string[]
  readonly encryptionCertificates: readonly string[]
  readonly slo: readonly Endpoint[]
  readonly nameIdFormats: readonly string[]
}

export interface ServiceProviderRole extends Role {
  readonly acs: readonly ConsumerEndpoint[]
  readonly authnRequestsSigned: boolean
  readonly wantAssertionsSigned: boolean
}

export interface IdentityProviderRole extends Role {
  readonly sso: readonly Endpoint[]
  readonly wantAuthnRequestsSigned: boolean
}

/** What a partner says of itself, Metadata §2.3.2. */
export interface PartnerMetadata {
  readonly entityId: string
  readonly displayName: string | undefined
  /** Seconds; after that it may not be used any more. */
  readonly validUntil: number | undefined
  readonly serviceProvider: ServiceProviderRole | undefined
  readonly identityProvider: IdentityProviderRole | undefined
}

export interface MetadataExpectation {
  /** Seconds. */
  readonly now: number
  /** Only this entity. */
  readonly entityId?: string | undefined
  /** Who signs the document; without any, a signature is not asked for and not looked at. */
  readonly certificates?: readonly string[] | undefined
  /** Whether endpoints may be at http on loopback. */
  readonly local: boolean
}

/**
 * Reads one entity or an aggregate, split into its entities.
 * @throws OAuthError invalid_request naming what is wrong, payload_too_large
 */
export async function readMetadata(text: string, expected: MetadataExpectation): Promise<PartnerMetadata[]> {
  const root = await trusted(parseXml(text, maximumMetadata), expected)
  const entities = [...entitiesOf(root, undefined)]
  const ids = entities.map(({ element }) => entityIdOf(element))
  if (new Set(ids).size !== ids.length) throw invalidRequest('an entity occurs twice in the metadata')
  const wanted = entities.filter((_, index) => expected.entityId === undefined || ids[index] === expected.entityId)
  if (wanted.length === 0) throw invalidRequest('the metadata does not hold this entity')
  return wanted.map(({ element, validUntil }) => readEntity(element, validUntil, expected))
}

async function trusted(root: Element, { certificates }: MetadataExpectation): Promise<Element> {
  if (!certificates || certificates.length === 0) return root
  refuseOtherSignatures(root, [root])
  const verified = await verifySigned(root, root, certificates)
  if (!verified) throw invalidRequest('the metadata has to be signed')
  return verified
}

interface Found {
  readonly element: Element
  readonly validUntil: number | undefined
}

/** The entities of an aggregate; the earliest end of all that surround one is its own. */
function* entitiesOf(element: Element, outer: number | undefined): Generator<Found> {
  const validUntil = earliest(outer, timeOf(element))
  if (isNamed(element, ns.metadata, 'EntityDescriptor')) yield { element, validUntil }
  else if (isNamed(element, ns.metadata, 'EntitiesDescriptor')) {
    for (const group of childrenOf(element, ns.metadata, 'EntitiesDescriptor')) yield* entitiesOf(group, validUntil)
    for (const entity of childrenOf(element, ns.metadata, 'EntityDescriptor')) yield* entitiesOf(entity, validUntil)
  } else throw invalidRequest('SAML metadata is expected')
}

function readEntity(element: Element, outer: number | undefined, expected: MetadataExpectation): PartnerMetadata {
  const sp = roleOf(element, 'SPSSODescriptor')
  const idp = roleOf(element, 'IDPSSODescriptor')
  const ends = [outer, sp && timeOf(sp), idp && timeOf(idp)]
  const validUntil = ends.reduce(earliest, undefined)
  if (validUntil !== undefined && validUntil <= expected.now) throw invalidRequest('the metadata has expired')
  return {
    entityId: entityIdOf(element),
    displayName: displayNameOf(element),
    validUntil,
    serviceProvider: sp && serviceProvider(sp, expected.local),
    identityProvider: idp && identityProvider(idp, expected.local),
  }
}

function entityIdOf(element: Element): string {
  const id = requiredAttribute(element, 'entityID').trim()
  if (id.length > 1024) throw invalidRequest('entityID is longer than 1024 characters')
  return id
}

/** The role of this name that speaks SAML 2.0. */
function roleOf(element: Element, name: string): Element | undefined {
  return childrenOf(element, ns.metadata, name).find((role) =>
    (attributeOf(role, 'protocolSupportEnumeration') ?? '').split(/\s+/).includes(ns.protocol),
  )
}

function serviceProvider(role: Element, local: boolean): ServiceProviderRole {
  const acs = childrenOf(role, ns.metadata, 'AssertionConsumerService').map((element, position) => ({
    ...endpoint(element, local),
    index: Number(attributeOf(element, 'index') ?? position),
    isDefault: isTrue(element, 'isDefault'),
  }))
  return {
    ...commonOf(role, local),
    acs: acs.filter(({ binding }) => binding === bindings.post),
    authnRequestsSigned: isTrue(role, 'AuthnRequestsSigned'),
    wantAssertionsSigned: isTrue(role, 'WantAssertionsSigned'),
  }
}

function identityProvider(role: Element, local: boolean): IdentityProviderRole {
  const sso = childrenOf(role, ns.metadata, 'SingleSignOnService').map((element) => endpoint(element, local))
  return {
    ...commonOf(role, local),
    sso: sso.filter(({ binding }) => binding === bindings.redirect || binding === bindings.post),
    wantAuthnRequestsSigned: isTrue(role, 'WantAuthnRequestsSigned'),
  }
}

function commonOf(role: Element, local: boolean): Role {
  const known: readonly string[] = Object.values(bindings)
  return {
    signingCertificates: certificatesOf(role, 'signing'),
    encryptionCertificates: certificatesOf(role, 'encryption'),
    slo: childrenOf(role, ns.metadata, 'SingleLogoutService')
      .map((element) => endpoint(element, local))
      .filter(({ binding }) => known.includes(binding)),
    nameIdFormats: childrenOf(role, ns.metadata, 'NameIDFormat').map(tokenOf),
  }
}

function endpoint(element: Element, local: boolean): Endpoint {
  const responseUrl = attributeOf(element, 'ResponseLocation')
  return {
    url: address(requiredAttribute(element, 'Location'), local),
    binding: requiredAttribute(element, 'Binding'),
    ...(responseUrl !== undefined && { responseUrl: address(responseUrl, local) }),
  }
}

/** Answers are posted there with what they say about a person: only https, and nothing that a browser would run. */
function address(text: string, local: boolean): string {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : undefined
  const isLoopback = url?.hostname === 'localhost' || url?.hostname === '127.0.0.1'
  const isAllowed = url?.protocol === 'https:' || (local && url?.protocol === 'http:' && isLoopback)
  if (!url || !isAllowed || url.username !== '' || url.password !== '' || url.hash !== '')
    throw invalidRequest('an endpoint in the metadata is not at an https address')
  return text.trim()
}

/** Keys of one use, or of every use. Those of kinds that are not accepted are left out. */
function certificatesOf(role: Element, use: 'signing' | 'encryption'): string[] {
  const found: string[] = []
  for (const descriptor of childrenOf(role, ns.metadata, 'KeyDescriptor')) {
    if ((attributeOf(descriptor, 'use') ?? use) !== use) continue
    for (const element of descendantsOf(descriptor)) {
      if (!isNamed(element, ns.signature, 'X509Certificate')) continue
      const certificate = textOf(element).replaceAll(/\s/g, '')
      if (isUsable(certificate) && !found.includes(certificate)) found.push(certificate)
    }
  }
  return found
}

function isUsable(certificate: string): boolean {
  try {
    readCertificate(certificate)
    return true
  } catch {
    return false
  }
}

function displayNameOf(element: Element): string | undefined {
  const organization = childOf(element, ns.metadata, 'Organization')
  const [name] = organization ? childrenOf(organization, ns.metadata, 'OrganizationDisplayName') : []
  return name && (textOf(name).trim().slice(0, 100) || undefined)
}

function timeOf(element: Element): number | undefined {
  const text = attributeOf(element, 'validUntil')
  return text === undefined ? undefined : readDateTime(text)
}

function earliest(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return Math.min(one, other)
}

function isTrue(element: Element, name: string): boolean {
  const text = attributeOf(element, name)
  return text === 'true' || text === '1'
}
