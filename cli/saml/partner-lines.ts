import type { InferOutput } from 'valibot'
import { pairs, shortTime } from '../ui/report.ts'
import type { Partner } from './answers.ts'

export type ShownPartner = InferOutput<typeof Partner>

/** A partner for a person. */
export function partnerLines(partner: ShownPartner): string[] {
  const { role } = partner
  return pairs([
    ['entity', partner.entityId],
    ['alias', partner.alias],
    ['name', partner.name],
    ['state', partner.enabled ? 'enabled' : 'disabled'],
    ['metadata', partner.metadataUrl],
    ['fetched', shortTime(partner.metadataFetchedAt)],
    ['not refreshed', partner.refreshProblem],
    ['valid until', shortTime(partner.validUntil)],
    ['certificates until', shortTime(partner.certificatesExpireAt) ?? 'no certificates'],
    [role === 'sp' ? 'assertions to' : 'signs in at', urls(role === 'sp' ? partner.acs : partner.sso)],
    ['signs out at', urls(partner.slo)],
    ['name id', role === 'sp' ? partner.nameIdFormat : undefined],
    ['begins elsewhere', partner.idpInitiated ? 'accepted' : undefined],
    ['domains', partner.domains.join(' ')],
    ['link for people', partner.loginUrl],
    ['metadata for it', partner.spMetadataUrl ?? partner.idpMetadataUrl],
  ])
}

function urls(endpoints: readonly { readonly url: string }[]): string {
  return [...new Set(endpoints.map(({ url }) => url))].join(' ')
}
