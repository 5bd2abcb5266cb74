import * as v from 'valibot'

/** What the admin API says about SAML, as far as the command reads it; members of newer releases pass through. */

const Time = v.nullish(v.string())
const Endpoint = v.looseObject({ url: v.string(), binding: v.optional(v.string()) })
const endpoints = v.optional(v.array(Endpoint), [])

export const Partner = v.looseObject({
  role: v.picklist(['sp', 'idp']),
  entityId: v.string(),
  alias: v.string(),
  name: v.string(),
  enabled: v.boolean(),
  metadataUrl: v.optional(v.string()),
  metadataFetchedAt: Time,
  refreshProblem: v.optional(v.string()),
  validUntil: Time,
  certificatesExpireAt: Time,
  idpInitiated: v.optional(v.boolean()),
  acs: endpoints,
  slo: endpoints,
  sso: endpoints,
  nameIdFormat: v.optional(v.string()),
  domains: v.optional(v.array(v.string()), []),
  loginUrl: v.optional(v.string()),
  spMetadataUrl: v.optional(v.string()),
  idpMetadataUrl: v.optional(v.string()),
})

export const PartnerAnswer = v.looseObject({ partner: Partner })
export const PartnersAnswer = v.looseObject({
  partners: v.array(Partner),
  nextCursor: v.optional(v.nullable(v.string()), null),
})

export const OwnMetadataAnswer = v.looseObject({
  idp: v.looseObject({ entityId: v.string(), metadataUrl: v.string(), ssoUrl: v.string(), sloUrl: v.string() }),
  sp: v.looseObject({ entityId: v.string(), metadataUrl: v.string(), acsUrl: v.string(), sloUrl: v.string() }),
  certificates: v.array(v.looseObject({ certificate: v.string(), signs: v.boolean(), expiresAt: v.string() })),
})
