import { OAuthError } from '../../../shared/protocol/error.ts'
import type { Partner } from '../../../shared/protocol/saml-partner.ts'
import type { SamlPartners } from '../../../shared/stores/saml-partners.ts'
import type { MetadataSource } from './metadata-source.ts'
import { notRefreshed, refreshed } from './partner-facts.ts'

/** So many in one run; the next one has the others. */
const most = 25

interface RefreshDeps {
  readonly partners: SamlPartners
  readonly metadata: MetadataSource
}

/** What became of one partner. */
export interface Refresh {
  readonly entityId: string
  readonly outcome: 'unchanged' | 'changed' | 'failed' | 'overtaken'
  readonly reason?: string
}

/**
 * Fetches the metadata of every partner that is due. One that cannot be read leaves the partner as it was and is tried
 * again within the hour; what has changed is recorded. `now` in seconds.
 */
export async function refreshDue(deps: RefreshDeps, now: number): Promise<Refresh[]> {
  const outcomes: Refresh[] = []
  // One after the other: a document may have a megabyte.
  for (const partner of await deps.partners.due(now, most)) outcomes.push(await refreshOne(deps, partner, now))
  return outcomes
}

async function refreshOne({ partners, metadata }: RefreshDeps, partner: Partner, now: number): Promise<Refresh> {
  const { entityId, role, metadataUrl = '', metadataSigners: signers, revision } = partner
  const { next, problem } = await metadata
    .fetch(metadataUrl, { role, entityId, signers }, now)
    .then((read) => ({ next: refreshed(partner, read, now), problem: undefined }))
    .catch((error: unknown) => {
      if (!(error instanceof OAuthError)) throw error
      return { next: notRefreshed(partner, error.message, now), problem: error.message }
    })
  const isNews = problem === undefined ? !isSame(partner, next) : partner.refreshProblem === undefined
  const event = isNews ? eventOf(partner, problem === undefined ? 'done' : 'invalid_request') : undefined
  const kept = await partners.replace(next, revision, event)
  if (!kept) return { entityId, outcome: 'overtaken' }
  if (problem !== undefined) return { entityId, outcome: 'failed', reason: problem }
  return { entityId, outcome: isNews ? 'changed' : 'unchanged' }
}

/** Whether a refresh found what was there, apart from when. */
function isSame(before: Partner, after: Partner): boolean {
  const times = new Set(['revision', 'metadataFetchedAt', 'refreshAt'])
  const facts = (partner: Partner) =>
    JSON.stringify(
      Object.entries(partner)
        .filter(([name]) => !times.has(name))
        .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    )
  return facts(before) === facts(after)
}

function eventOf({ role, entityId }: Partner, outcome: string) {
  const requestId = crypto.randomUUID()
  return { time: Date.now(), actor: 'authrim', action: `saml.${role}.refresh`, target: entityId, outcome, requestId }
}
