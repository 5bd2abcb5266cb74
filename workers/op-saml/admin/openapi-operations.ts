import { type Description, schemaOf } from '../../../shared/http/admin/openapi.ts'
import type { PartnerRole } from '../../../shared/protocol/saml-partner.ts'

const text = { type: 'string' }
const flag = { type: 'boolean' }
const time = { type: 'string', format: 'date-time' }
const uri = { type: 'string', format: 'uri' }
const texts = { type: 'array', items: text }
const nextCursor = { type: ['string', 'null'] }
const rows = { rows: { type: 'array' } }
const paging = ['limit', 'cursor'] as const

const object = (properties: Readonly<Record<string, object>>, required: readonly string[] = []) => ({
  type: 'object',
  properties,
  ...(required.length > 0 && { required }),
})

const endpoint = object({ url: uri, binding: text, responseUrl: uri }, ['url', 'binding'])
const attribute = object({ source: text, name: text, nameFormat: text, friendlyName: text }, [
  'source',
  'name',
  'nameFormat',
])
const certificate = { ...text, description: 'DER, base64' }

const common = {
  name: text,
  enabled: flag,
  metadataUrl: { ...uri, description: 'fetched again every day' },
  metadataSigners: { type: 'array', items: certificate, description: 'who has to sign the metadata' },
  idpInitiated: { ...flag, description: 'accept sign-ins that nobody asked for' },
}

const choices = {
  sp: {
    ...common,
    nameIdFormat: text,
    attributes: { type: 'array', items: attribute },
    signResponse: flag,
    encryptAssertion: flag,
    authnRequestsSigned: flag,
  },
  idp: {
    ...common,
    domains: { ...texts, description: 'e-mail domains of its people' },
    button: { ...flag, description: 'offered on the sign-in page' },
    separateEntity: { ...flag, description: 'we are an entity of our own towards it' },
    attributeMap: { type: 'object', additionalProperties: text, description: 'claim to attribute name' },
    linkBy: { enum: ['verified_email', 'never'] },
    createUsers: flag,
  },
}

const source = {
  metadata: { ...text, description: 'XML; this or metadataUrl' },
  entityId: { ...text, description: 'which entity of an aggregate' },
  alias: { ...text, pattern: '^[a-z0-9][a-z0-9-]{0,62}$' },
}

const shown = {
  entityId: text,
  alias: text,
  createdAt: time,
  metadataFetchedAt: time,
  refreshAt: time,
  refreshProblem: text,
  validUntil: time,
  signingCertificates: { type: 'array', items: certificate },
  encryptionCertificates: { type: 'array', items: certificate },
  certificates: { type: 'array', items: object({ use: { enum: ['signing', 'encryption'] }, expiresAt: time }) },
  certificatesExpireAt: { ...time, type: ['string', 'null'] },
  slo: { type: 'array', items: endpoint },
}

/** The objects that these operations take and give, JSON Schema 2020-12. */
export const schemas = {
  Error: object({ error: text, error_description: text }, ['error']),
  ServiceProvider: object({
    role: { const: 'sp' },
    ...shown,
    ...choices.sp,
    acs: { type: 'array', items: endpoint },
    idpMetadataUrl: uri,
  }),
  NewServiceProvider: object({ ...source, attributeFormat: { enum: ['uri', 'basic'] }, ...choices.sp }),
  ServiceProviderChange: object(choices.sp),
  IdentityProvider: object({
    role: { const: 'idp' },
    ...shown,
    ...choices.idp,
    sso: { type: 'array', items: endpoint },
    wantAuthnRequestsSigned: flag,
    loginUrl: uri,
    spEntityId: text,
    spMetadataUrl: uri,
    spAcsUrl: uri,
  }),
  NewIdentityProvider: object({ ...source, ...choices.idp }),
  IdentityProviderChange: object(choices.idp),
} as const

type SchemaName = keyof typeof schemas

/** What each operation takes and gives, by the name that the audit log has for it. */
export const descriptions: Readonly<Record<string, Description<SchemaName>>> = {
  ...partnerDescriptions('sp', 'ServiceProvider'),
  ...partnerDescriptions('idp', 'IdentityProvider'),
  'saml.metadata': {
    says: 'Our own entities and certificates',
    gives: { idp: { type: 'object' }, sp: { type: 'object' }, certificates: { type: 'array' } },
  },
  'saml.backup_read': { says: 'partners or links', query: paging, gives: { ...rows, nextCursor } },
  'saml.backup_write': { takes: rows, gives: { restored: { type: 'integer' } } },
  'saml.openapi': { gives: {} },
}

function partnerDescriptions(
  role: PartnerRole,
  schema: 'ServiceProvider' | 'IdentityProvider',
): Record<string, Description<SchemaName>> {
  const gives = { partner: schemaOf(schema) }
  const listed = { partners: { type: 'array', items: schemaOf(schema) }, nextCursor }
  return {
    [`saml.${role}.list`]: { query: ['search', ...paging], gives: listed },
    [`saml.${role}.add`]: {
      says: 'By its metadata; XML alone is taken, too',
      takes: `New${schema}`,
      gives,
      status: 201,
    },
    [`saml.${role}.show`]: { says: 'By alias or entity id', gives },
    [`saml.${role}.update`]: { takes: `${schema}Change`, gives },
    [`saml.${role}.remove`]: {},
    [`saml.${role}.refresh`]: { says: 'Fetch its metadata again now', gives },
  }
}
