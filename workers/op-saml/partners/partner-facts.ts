import * as v from 'valibot'
import { invalidRequest } from '../../../shared/protocol/error.ts'
import {
  type Partner,
  type PartnerMetadata,
  checkedPartner,
  type partnerChoices,
} from '../../../shared/protocol/saml-partner.ts'
import { nameIdFormats } from '../name-id.ts'
import { attributeNames } from './released-attributes.ts'

/** How long metadata from an address is used before it is fetched again. Seconds. */
const refreshInterval = 86_400

/** When one that could not be fetched is tried again. Seconds. */
const retryInterval = 3600

/** What an operator decides about a partner: members of `partnerChoices`. */
export type Choices = v.InferOutput<(typeof partnerChoices)['sp' | 'idp']>

/** A partner as its metadata and the operator describe it. @throws OAuthError invalid_request */
export function newPartner(metadata: PartnerMetadata, alias: string, choices: Choices, now: number): Partner {
  return checked({
    ...begun(metadata, alias, now),
    role: metadata.role,
    ...factsOf(metadata),
    ...(metadata.role === 'sp' ? serviceProviderDefaults(metadata) : identityProviderDefaults),
    ...choices,
    ...fetched(choices.metadataUrl, now),
  })
}

/** A partner with other choices; a new address for the metadata is fetched next. @throws OAuthError invalid_request */
export function changed(partner: Partner, choices: Choices, now: number): Partner {
  const due = choices.metadataUrl === undefined ? {} : { refreshAt: now }
  return checked({ ...partner, ...choices, ...due, revision: partner.revision + 1 })
}

/** A partner whose metadata was read again. What the operator chose stays. @throws OAuthError invalid_request */
export function refreshed(partner: Partner, metadata: PartnerMetadata, now: number): Partner {
  if (metadata.entityId !== partner.entityId || metadata.role !== partner.role)
    throw invalidRequest('the metadata is of another entity')
  const { refreshProblem: _, validUntil: __, ...kept } = partner
  return checked({
    ...kept,
    ...factsOf(metadata),
    ...(metadata.validUntil !== undefined && { validUntil: metadata.validUntil }),
    ...fetched(partner.metadataUrl, now),
    revision: partner.revision + 1,
  })
}

/** A partner whose metadata could not be read again: it goes on as it was. */
export function notRefreshed(partner: Partner, problem: string, now: number): Partner {
  return { ...partner, revision: partner.revision + 1, refreshProblem: problem, refreshAt: now + retryInterval }
}

/** An alias for an entity: of its name, or of the host in its entity id. */
export function aliasOf(metadata: PartnerMetadata, name: string | undefined): string {
  const text = name ?? metadata.displayName ?? hostOf(metadata.entityId)
  const slug = text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40)
  return slug || 'partner'
}

function begun(metadata: PartnerMetadata, alias: string, now: number) {
  return {
    v: 1 as const,
    revision: 1,
    createdAt: now,
    entityId: metadata.entityId,
    alias,
    name: metadata.displayName ?? hostOf(metadata.entityId),
    enabled: true,
    metadataSigners: [],
    idpInitiated: false,
    ...(metadata.validUntil !== undefined && { validUntil: metadata.validUntil }),
  }
}

function fetched(metadataUrl: string | undefined, now: number) {
  return metadataUrl === undefined ? {} : { metadataUrl, metadataFetchedAt: now, refreshAt: now + refreshInterval }
}

function factsOf(metadata: PartnerMetadata) {
  const { signingCertificates, encryptionCertificates, slo } = metadata
  const common = { signingCertificates, encryptionCertificates, slo }
  if (metadata.role === 'sp') {
    const { acs, authnRequestsSigned } = metadata
    if (authnRequestsSigned && signingCertificates.length === 0)
      throw invalidRequest('the service provider signs its requests with a key that the metadata does not name')
    return { ...common, acs, authnRequestsSigned }
  }
  const { sso, wantAuthnRequestsSigned } = metadata
  if (signingCertificates.length === 0)
    throw invalidRequest('the metadata names no key of the identity provider that is accepted: RSA of 2048 bits, or EC')
  return { ...common, sso, wantAuthnRequestsSigned }
}

function serviceProviderDefaults(metadata: PartnerMetadata) {
  return {
    nameIdFormat: wantedFormat(metadata),
    attributes: attributeNames.uri,
    signResponse: false,
    signAssertion: true,
    encryptAssertion: metadata.encryptionCertificates.length > 0,
  }
}

const identityProviderDefaults = {
  domains: [],
  button: true,
  separateEntity: false,
  attributeMap: {},
  linkBy: 'never',
  createUsers: true,
}

function checked(record: object): Partner {
  try {
    return checkedPartner(record)
  } catch (error) {
    if (v.isValiError(error)) throw invalidRequest(problemOf(error.issues[0]))
    throw error
  }
}

function problemOf({ path, message }: v.BaseIssue<unknown>): string {
  const member = path?.map(({ key }) => String(key)).join('.')
  return `${member ?? 'partner'}: ${message}`.replaceAll(/[^\x20-\x7e]|["\\]/g, "'").slice(0, 300)
}

/** The first format of the metadata that we have, or one that tells the partner nothing else about the person. */
function wantedFormat({ nameIdFormats: wanted }: PartnerMetadata): string {
  const ours: readonly string[] = [
    nameIdFormats.persistent,
    nameIdFormats.transient,
    nameIdFormats.emailAddress,
    nameIdFormats.unspecified,
  ]
  return wanted.find((format) => ours.includes(format)) ?? nameIdFormats.persistent
}

function hostOf(entityId: string): string {
  return (URL.canParse(entityId) && new URL(entityId).hostname) || entityId.slice(0, 100)
}
