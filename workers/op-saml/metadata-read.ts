import type { Element } from './xml/types/xmldom.d.ts'
import { invalidRequest } from '../../shared/protocol/error.ts'
import type {
  IdentityProviderMetadata,
  PartnerEndpoint,
  PartnerMetadata,
  ServiceProviderMetadata,
} from '../../shared/protocol/saml-partner.ts'
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

/** Aggregates of a few hundred partners. */
const metadataLimits = { bytes: 1_048_576, nodes: 40_000 }

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
 * Reads one entity or an aggregate, split into its entities and these into their roles.
 * @throws OAuthError invalid_request naming what is wrong, payload_too_large
 */
export async function readMetadata(text: string, expected: MetadataExpectation): Promise<PartnerMetadata[]> {
  const root = await trusted(parseXml(text, metadataLimits), expected)
  const entities = [...entitiesOf(root, undefined)]
  const ids = entities.map(({ element }) => entityIdOf(element))
  if (new Set(ids).size !== ids.length) throw invalidRequest('an entity occurs twice in the metadata')
  const wanted = entities.filter((_, index) => expected.entityId === undefined || ids[index] === expected.entityId)
  if (wanted.length === 0) throw invalidRequest('the metadata does not hold this entity')
  return wanted.flatMap(({ element, validUntil }) => readRoles(element, validUntil, expected))
}

async function trusted(root: Element, { certificates }: MetadataExpectation): Promise<Element> {
  if (!certificates || certificates.length === 0) return root
  refuseOtherSignatures(root, [root])
  const verified = await verifySigned(root, root, certificates, metadataLimits)
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

function readRoles(element: Element, outer: number | undefined, expected: MetadataExpectation): PartnerMetadata[] {
  const sp = roleOf(element, 'SPSSODescriptor')
  const idp = roleOf(element, 'IDPSSODescriptor')
  return [
    ...(sp ? [serviceProvider(element, sp, outer, expected)] : []),
    ...(idp ? [identityProvider(element, idp, outer, expected)] : []),
  ]
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

function serviceProvider(
  entity: Element,
  role: Element,
  outer: number | undefined,
  expected: MetadataExpectation,
): ServiceProviderMetadata {
  const acs = childrenOf(role, ns.metadata, 'AssertionConsumerService').map((element, position) => ({
    ...endpoint(element, expected.local),
    index: /^\d{1,5}$/.test(attributeOf(element, 'index') ?? '') ? Number(attributeOf(element, 'index')) : position,
    isDefault: isTrue(element, 'isDefault'),
  }))
  return {
    role: 'sp',
    ...commonOf(entity, role, outer, expected),
    acs: acs.filter(({ binding }) => binding === bindings.post),
    authnRequestsSigned: isTrue(role, 'AuthnRequestsSigned'),
  }
}

function identityProvider(
  entity: Element,
  role: Element,
  outer: number | undefined,
  expected: MetadataExpectation,
): IdentityProviderMetadata {
  const sso = childrenOf(role, ns.metadata, 'SingleSignOnService').map((element) => endpoint(element, expected.local))
  return {
    role: 'idp',
    ...commonOf(entity, role, outer, expected),
    sso: sso.filter(({ binding }) => binding === bindings.redirect || binding === bindings.post),
    wantAuthnRequestsSigned: isTrue(role, 'WantAuthnRequestsSigned'),
  }
}

function commonOf(entity: Element, role: Element, outer: number | undefined, { now, local }: MetadataExpectation) {
  const known: readonly string[] = Object.values(bindings)
  const validUntil = earliest(outer, timeOf(role))
  if (validUntil !== undefined && validUntil <= now) throw invalidRequest('the metadata has expired')
  return {
    entityId: entityIdOf(entity),
    displayName: displayNameOf(entity),
    validUntil,
    signingCertificates: certificatesOf(role, 'signing'),
    encryptionCertificates: certificatesOf(role, 'encryption'),
    slo: childrenOf(role, ns.metadata, 'SingleLogoutService')
      .map((element) => endpoint(element, local))
      .filter(({ binding }) => known.includes(binding)),
    nameIdFormats: childrenOf(role, ns.metadata, 'NameIDFormat').map(tokenOf),
  }
}

function endpoint(element: Element, local: boolean): PartnerEndpoint {
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
