import * as v from 'valibot'

const text = v.pipe(v.string(), v.minLength(1), v.maxLength(1024))
const url = v.pipe(v.string(), v.url(), v.maxLength(2048))
const certificates = v.pipe(v.array(v.pipe(v.string(), v.base64(), v.maxLength(16_384))), v.maxLength(10))

const Endpoint = v.object({ url, binding: text, responseUrl: v.exactOptional(url) })

const AssertionConsumer = v.object({
  url,
  binding: text,
  index: v.exactOptional(v.number()),
  isDefault: v.boolean(),
})

/** One attribute of an assertion: the claim or member of a person that it tells, and how it is written. */
const ReleasedAttribute = v.object({
  source: text,
  name: text,
  nameFormat: text,
  friendlyName: v.exactOptional(text),
})

/** What a partner's metadata says, apart from who it is for. */
const facts = {
  entityId: text,
  signingCertificates: certificates,
  encryptionCertificates: certificates,
  slo: v.array(Endpoint),
  /** Seconds; the metadata must not be used after. */
  validUntil: v.exactOptional(v.number()),
}

const spFacts = {
  acs: v.pipe(v.array(AssertionConsumer), v.minLength(1, 'a service provider needs an assertion consumer service')),
  authnRequestsSigned: v.boolean(),
}

const idpFacts = {
  sso: v.pipe(v.array(Endpoint), v.minLength(1, 'an identity provider needs a single sign-on service')),
  wantAuthnRequestsSigned: v.boolean(),
}

const aliasPattern = /^[a-z0-9][a-z0-9-]{0,62}$/

/** Whether a text may name a partner in addresses. */
export function isAlias(text: string): boolean {
  return aliasPattern.test(text)
}

/** What the operator decided about a partner, whatever its metadata says. */
const choices = {
  /** Stands in addresses, such as `/saml/sp/acs/<alias>`; unique among partners of a role, never changed. */
  alias: v.pipe(v.string(), v.regex(aliasPattern)),
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(100)),
  enabled: v.boolean(),
  metadataUrl: v.exactOptional(url),
  /** Certificates of who has to sign the metadata; none: whoever has the address is believed. */
  metadataSigners: certificates,
  /** Seconds. */
  metadataFetchedAt: v.exactOptional(v.number()),
  /** Seconds; when the metadata is fetched again. */
  refreshAt: v.exactOptional(v.number()),
  /** Why the last refresh changed nothing; absent after one that worked. */
  refreshProblem: v.exactOptional(v.string()),
  idpInitiated: v.boolean(),
}

const spChoices = {
  nameIdFormat: text,
  attributes: v.pipe(v.array(ReleasedAttribute), v.maxLength(50)),
  signResponse: v.boolean(),
  signAssertion: v.literal(true),
  encryptAssertion: v.boolean(),
}

/** Claims that an attribute may give: of a person's, none that says what we have found out ourselves. */
const mappedClaims = [
  'email',
  'name',
  'given_name',
  'family_name',
  'middle_name',
  'nickname',
  'preferred_username',
  'profile',
  'picture',
  'website',
  'gender',
  'birthdate',
  'zoneinfo',
  'locale',
  'phone_number',
  'groups',
  // Not a claim: what the person is known again by.
  'subject',
] as const

const idpChoices = {
  /** E-mail domains, lower case, whose people are sent here; each belongs to one partner at most. */
  domains: v.pipe(v.array(v.pipe(v.string(), v.regex(/^[a-z0-9.-]+\.[a-z0-9-]+$/))), v.maxLength(200)),
  /** Offered on the sign-in page. */
  button: v.boolean(),
  /** Whether we are an entity of our own for this partner, or the same as for others. */
  separateEntity: v.boolean(),
  /** Names of attributes by what they mean to us. */
  attributeMap: v.record(v.picklist(mappedClaims), text),
  /** `verified_email`: an address of one of `domains` finds the account that has it. */
  linkBy: v.picklist(['verified_email', 'never']),
  createUsers: v.boolean(),
}

const stored = { v: v.literal(1), revision: v.number(), createdAt: v.number() }

const ServiceProvider = v.object({
  ...stored,
  role: v.literal('sp'),
  ...facts,
  ...spFacts,
  ...choices,
  ...spChoices,
})

const IdentityProvider = v.object({
  ...stored,
  role: v.literal('idp'),
  ...facts,
  ...idpFacts,
  ...choices,
  ...idpChoices,
})

const Partner = v.variant('role', [ServiceProvider, IdentityProvider])

export type PartnerRole = 'sp' | 'idp'
export type PartnerEndpoint = v.InferOutput<typeof Endpoint>
export type AssertionConsumer = v.InferOutput<typeof AssertionConsumer>
export type ReleasedAttribute = v.InferOutput<typeof ReleasedAttribute>
export type ServiceProvider = v.InferOutput<typeof ServiceProvider>
export type IdentityProvider = v.InferOutput<typeof IdentityProvider>
export type Partner = v.InferOutput<typeof Partner>

/** What the metadata of one entity in one role says (SAML Metadata §2.4). */
export type PartnerMetadata = ServiceProviderMetadata | IdentityProviderMetadata

interface EntityMetadata {
  readonly entityId: string
  readonly displayName: string | undefined
  readonly signingCertificates: string[]
  readonly encryptionCertificates: string[]
  readonly slo: PartnerEndpoint[]
  readonly nameIdFormats: string[]
  /** Seconds, also of what surrounds the entity. */
  readonly validUntil: number | undefined
}

export interface ServiceProviderMetadata extends EntityMetadata {
  readonly role: 'sp'
  readonly acs: AssertionConsumer[]
  readonly authnRequestsSigned: boolean
}

export interface IdentityProviderMetadata extends EntityMetadata {
  readonly role: 'idp'
  readonly sso: PartnerEndpoint[]
  readonly wantAuthnRequestsSigned: boolean
}

/** Reads a stored record; undefined for one that this release does not know. */
export function parsePartner(record: string | undefined): Partner | undefined {
  if (record === undefined) return undefined
  const result = v.safeParse(Partner, JSON.parse(record))
  return result.success ? result.output : undefined
}

/** A whole record that was put together. @throws ValiError naming what does not fit. */
export function checkedPartner(record: object): Partner {
  return v.parse(Partner, record, { abortEarly: true })
}

/** What an operator may choose for a partner; every member may be absent. */
export const partnerChoices = {
  sp: v.partial(v.strictObject({ ...common(), ...spChoices })),
  idp: v.partial(v.strictObject({ ...common(), ...idpChoices })),
} as const

function common() {
  const { name, enabled, metadataUrl, metadataSigners, idpInitiated } = choices
  return { name, enabled, metadataUrl, metadataSigners, idpInitiated }
}

/** Whether messages of a partner count: not of one that is disabled, or whose metadata is out of date. `now` in seconds. */
export function isUsable(partner: Partner, now: number): boolean {
  return partner.enabled && (partner.validUntil === undefined || partner.validUntil > now)
}
