import * as v from 'valibot'
import { nextCursor, pageOf } from '../../../shared/http/admin/page.ts'
import { OAuthError, invalidRequest } from '../../../shared/protocol/error.ts'
import { type Partner, type PartnerRole, isAlias, partnerChoices } from '../../../shared/protocol/saml-partner.ts'
import type { SamlCall } from '../deps.ts'
import { type Choices, aliasOf, changed, newPartner, refreshed } from '../partners/partner-facts.ts'
import { attributeNames } from '../partners/released-attributes.ts'
import { shownPartner } from './shown-partner.ts'

/** Where the metadata of a new partner is, and which entity of it is meant. */
const source = {
  metadata: v.exactOptional(v.string()),
  entityId: v.exactOptional(v.string()),
  alias: v.exactOptional(v.pipe(v.string(), v.check(isAlias, 'lower-case letters, digits and dashes, up to 63'))),
  /** How the usual attributes are named; shorter than listing them. */
  attributeFormat: v.exactOptional(v.picklist(['uri', 'basic'])),
}

const NewPartner = {
  sp: v.strictObject({ ...source, ...partnerChoices.sp.entries }),
  idp: v.strictObject({ ...source, ...partnerChoices.idp.entries }),
} as const

/** Changes made meanwhile by somebody else are read again so often. */
const attempts = 3

export async function listPartners(call: SamlCall, role: PartnerRole): Promise<Response> {
  const { deps } = call
  const { limit, after } = pageOf(call)
  const partners = await deps.partners.list(role, call.query('search'), after, limit)
  return call.answer({
    partners: partners.map((partner) => shownPartner(partner, deps.issuer)),
    nextCursor: nextCursor(partners.length === limit, partners.at(-1)?.alias),
  })
}

export async function showPartner(call: SamlCall, role: PartnerRole): Promise<Response> {
  return call.answer({ partner: shownPartner(await found(call, role), call.deps.issuer) })
}

/**
 * Adds a partner by its metadata: as XML in the body, or as JSON that holds it or says where it is.
 * @throws OAuthError already_exists, invalid_request
 */
export async function addPartner(call: SamlCall, role: PartnerRole): Promise<Response> {
  const { deps, now } = call
  const { metadata: text, entityId, alias, attributeFormat, ...others } = newPartnerOf(call, role)
  const choices = attributeFormat ? { attributes: attributeNames[attributeFormat], ...others } : others
  const { metadataUrl, metadataSigners: signers = [] } = choices
  const wanted = { role, entityId, signers }
  if ((text === undefined) === (metadataUrl === undefined))
    throw invalidRequest('either metadata or metadataUrl is needed')
  const metadata =
    text === undefined
      ? await deps.metadata.fetch(metadataUrl ?? '', wanted, now)
      : await deps.metadata.read(text, wanted, now)
  call.target = metadata.entityId
  const free = alias ?? (await freeAlias(call, role, aliasOf(metadata, choices.name)))
  const partner = newPartner(metadata, free, choices, now)
  await call.change((event) => deps.partners.insert(partner, event))
  return call.answer({ partner: shownPartner(partner, deps.issuer) }, 201)
}

export async function updatePartner(call: SamlCall, role: PartnerRole): Promise<Response> {
  const choices: Choices = call.body(role === 'sp' ? partnerChoices.sp : partnerChoices.idp)
  return replaced(call, role, async (partner) => changed(partner, choices, call.now))
}

/** Fetches the metadata again now. */
export async function refreshPartner(call: SamlCall, role: PartnerRole): Promise<Response> {
  const { deps, now } = call
  return replaced(call, role, async (partner) => {
    const { metadataUrl, entityId, metadataSigners: signers } = partner
    if (metadataUrl === undefined) throw invalidRequest('the metadata of this partner has no address')
    return refreshed(partner, await deps.metadata.fetch(metadataUrl, { role, entityId, signers }, now), now)
  })
}

export async function removePartner(call: SamlCall, role: PartnerRole): Promise<Response> {
  const partner = await found(call, role)
  if (!(await call.change((event) => call.deps.partners.delete(partner, event)))) throw unknown()
  return call.nothing()
}

async function replaced(
  call: SamlCall,
  role: PartnerRole,
  change: (partner: Partner) => Promise<Partner>,
): Promise<Response> {
  const { partners, issuer } = call.deps
  for (let attempt = 0; attempt < attempts; attempt++) {
    const partner = await found(call, role)
    const next = await change(partner)
    if (await call.change((event) => partners.replace(next, partner.revision, event)))
      return call.answer({ partner: shownPartner(next, issuer) })
  }
  throw new OAuthError('temporarily_unavailable', 'somebody else changes this partner; try again', { retryAfter: 1 })
}

async function found(call: SamlCall, role: PartnerRole): Promise<Partner> {
  const partner = await call.deps.partners.find(role, call.subject('partner'))
  if (!partner) throw unknown()
  call.target = partner.entityId
  return partner
}

function unknown(): OAuthError {
  return new OAuthError('not_found', 'there is no such partner')
}

function newPartnerOf(call: SamlCall, role: PartnerRole): v.InferOutput<(typeof NewPartner)['sp' | 'idp']> {
  if (!call.text.trimStart().startsWith('<')) return call.body(NewPartner[role])
  const [entityId, alias] = [call.query('entityId'), call.query('alias')]
  if (alias !== undefined && !isAlias(alias)) throw invalidRequest('alias: lower-case letters, digits and dashes')
  return { metadata: call.text, ...(entityId && { entityId }), ...(alias && { alias }) }
}

/** The alias itself, or with the first number that makes it nobody's. */
async function freeAlias({ deps }: SamlCall, role: PartnerRole, wanted: string): Promise<string> {
  for (let number = 1; number <= 100; number++) {
    const alias = number === 1 ? wanted : `${wanted}-${number}`
    if (!(await deps.partners.find(role, alias))) return alias
  }
  throw invalidRequest('choose an alias: many partners are named like this one')
}
