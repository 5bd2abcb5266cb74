import type { InferOutput } from 'valibot'
import type { Key } from '../admin/answers.ts'
import type { AdminClient } from '../admin/client.ts'
import { query } from '../admin/query.ts'
import { type Finding, judged, well } from '../doctor/finding.ts'
import { CliError } from '../error.ts'
import { shortTime } from '../ui/report.ts'
import { PartnersAnswer } from './answers.ts'
import type { ShownPartner } from './partner-lines.ts'

const DAY = 86_400_000
/** A partner needs some weeks to load another certificate of ours, and we theirs. */
const SOON = { own: 60 * DAY, partner: 30 * DAY, metadata: 3 * DAY } as const

/** What may stop a SAML partner one day. */
export interface PartnerHealth {
  readonly role: 'sp' | 'idp'
  readonly alias: string
  readonly name: string
  readonly entityId: string
  readonly enabled: boolean
  /** The first certificate that runs out. */
  readonly certificatesExpireAt: string | null
  /** When its metadata may no longer be used. */
  readonly validUntil: string | null
  /** Why the metadata was not fetched again. */
  readonly refreshProblem: string | null
}

/** Every SAML partner; undefined where the deployed release has no SAML. */
export async function readPartners(api: AdminClient): Promise<PartnerHealth[] | undefined> {
  try {
    return [...(await readRole(api, 'sp')), ...(await readRole(api, 'idp'))].map(healthOf)
  } catch (error) {
    if (error instanceof CliError && error.code === 'not_found') return undefined
    throw error
  }
}

async function readRole(api: AdminClient, role: 'sp' | 'idp'): Promise<ShownPartner[]> {
  const partners: ShownPartner[] = []
  for (let cursor: string | undefined; ;) {
    const page: InferOutput<typeof PartnersAnswer> = await api.get(
      `/saml/${role}${query({ limit: '100', cursor })}`,
      PartnersAnswer,
    )
    partners.push(...page.partners)
    if (page.nextCursor === null) return partners
    cursor = page.nextCursor
  }
}

function healthOf(partner: ShownPartner): PartnerHealth {
  const { role, alias, name, entityId, enabled, certificatesExpireAt, validUntil, refreshProblem } = partner
  return {
    role,
    alias,
    name,
    entityId,
    enabled,
    certificatesExpireAt: certificatesExpireAt ?? null,
    validUntil: validUntil ?? null,
    refreshProblem: refreshProblem ?? null,
  }
}

/** What is wrong with a partner, or soon will be, in words. `now` in milliseconds. */
export function partnerProblems(partner: PartnerHealth, now: number): string[] {
  const { certificatesExpireAt, validUntil, refreshProblem } = partner
  return [
    ...(endsWithin(certificatesExpireAt, SOON.partner, now)
      ? [`${partner.alias}: a certificate runs out ${shortTime(certificatesExpireAt)}`]
      : []),
    ...(endsWithin(validUntil, SOON.metadata, now)
      ? [`${partner.alias}: its metadata is valid until ${shortTime(validUntil)}`]
      : []),
    ...(refreshProblem === null ? [] : [`${partner.alias}: ${refreshProblem}`]),
  ]
}

/** The checks of `authrim doctor`; none where SAML is not used. */
export function samlFindings(
  keys: readonly InferOutput<typeof Key>[],
  partners: readonly PartnerHealth[],
  now: number,
): Finding[] {
  const own = keys.filter(({ use }) => use === 'saml')
  const current = own.find(({ state }) => state === 'current')
  const waiting = own.filter(({ state }) => state !== 'current')
  const enabled = partners.filter((partner) => partner.enabled)
  const expiry = current?.certificateExpiresAt
  return [
    ...(current
      ? [
          judged(
            'SAML certificate',
            endsWithin(expiry, SOON.own, now) && waiting.length === 0 ? [`ours runs out ${shortTime(expiry)}`] : [],
            `ours is valid until ${shortTime(expiry) ?? '?'}`,
            'authrim keys rotate --use saml',
          ),
        ]
      : []),
    ...(waiting.length > 0 ? [well('SAML rotation', 'two certificates are published; retire the old one')] : []),
    ...(enabled.length > 0
      ? [
          judged(
            'SAML partners',
            enabled.flatMap((partner) => partnerProblems(partner, now)),
            `${enabled.length} with certificates that last`,
            'Ask the partner for new metadata, then: authrim saml sp|idp refresh <partner>, or add it again from the file',
          ),
        ]
      : []),
  ]
}

function endsWithin(iso: string | null | undefined, time: number, now: number): boolean {
  return typeof iso === 'string' && Date.parse(iso) < now + time
}
