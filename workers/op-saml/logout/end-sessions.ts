import { waitUntil } from 'cloudflare:workers'
import { setCookie } from '../../../shared/http/cookies.ts'
import type { Participant, SessionListing } from '../../../shared/stores/durable-objects/session-store.ts'
import { decided } from '../../../shared/stores/grants.ts'
import { allShards } from '../../../shared/stores/shards.ts'
import { noteEvent } from '../audit.ts'
import type { SamlContext } from '../deps.ts'
import { isSameNameId } from '../name-id.ts'
import type { Initiator } from './logout-record.ts'

/**
 * Ends the sessions that a partner's request names (Core §3.7.3): those with its session indexes, or all in which it
 * knows the person by this name. Answers who else took part in them; undefined when there is no such session.
 */
export async function endSessions(c: SamlContext, initiator: Initiator): Promise<Participant[] | undefined> {
  const { deps, now } = c.var
  const { role, entityId, nameId } = initiator
  const found = await Promise.all(
    allShards(deps.sessionStore).map(async (store) => {
      const sessions = await decided(store.participating(role, entityId, nameId.value, now))
      const meant = sessions.filter((session) => isMeant(session, initiator))
      await Promise.all(meant.map((session) => decided(store.end(session.id))))
      return meant
    }),
  )
  const ended = found.flat()
  if (ended.length === 0) return undefined
  for (const { sub, sid } of ended) {
    noteEvent(c, sub, 'sign_out', sub)
    waitUntil(endGrants(c, sid))
  }
  await forgetEnded(c, ended)
  return ended.flatMap(({ participants }) => participants ?? [])
}

function isMeant({ participants }: SessionListing, initiator: Initiator): boolean {
  const { role, entityId, nameId, sessionIndexes } = initiator
  return (participants ?? []).some(
    (each) =>
      each.role === role &&
      each.entityId === entityId &&
      isSameNameId(each.nameId, nameId) &&
      (sessionIndexes.length === 0 || sessionIndexes.includes(each.sessionIndex ?? '')),
  )
}

/** The cookie of this browser without what has ended. */
async function forgetEnded(c: SamlContext, ended: readonly SessionListing[]): Promise<void> {
  const left = await c.var.deps.sessions.all(c.req.raw, c.var.now)
  const handles = left.filter(({ id }) => !ended.some((session) => session.id === id)).map(({ handle }) => handle)
  c.header('set-cookie', setCookie('session', handles.join('.'), handles.length > 0 ? undefined : 0), { append: true })
}

/** What a session started ends with it, apart from offline access. */
async function endGrants(c: SamlContext, sid: string): Promise<void> {
  const { deps, now } = c.var
  await Promise.all(allShards(deps.ledger).map((ledger) => ledger.revokeAll({ sid, keepOffline: true }, now)))
}
