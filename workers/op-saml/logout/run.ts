import type { StoredInteraction } from '../../../shared/http/interactions.ts'
import type { Participant } from '../../../shared/stores/durable-objects/session-store.ts'
import type { SamlContext } from '../deps.ts'
import { recordParams } from '../record.ts'
import { isFirst } from '../replay.ts'
import { askBehind, frontEndpoint, partnerOf } from './ask.ts'
import { endSessions } from './end-sessions.ts'
import { type LogoutRecord, readLogoutRecord, type ToldPartner } from './logout-record.ts'

/** A sign-out under way: who is told, and what became of it. */
export interface Run {
  readonly interaction: StoredInteraction
  readonly record: LogoutRecord
}

/** Undefined for one that has expired, was finished or is something else. */
export async function findRun(c: SamlContext, handle: string | undefined): Promise<Run | undefined> {
  const interaction = await c.var.deps.interactions.find(handle, c.var.now)
  const record = interaction?.record.purpose === 'saml_logout' ? readLogoutRecord(interaction.record.params) : undefined
  return interaction && record && { interaction, record }
}

export async function saveRun(c: SamlContext, { interaction }: Run, record: LogoutRecord): Promise<Run> {
  const stored = await c.var.deps.interactions.update(interaction, { params: recordParams(record) }, c.var.now)
  return { interaction: stored, record }
}

/**
 * Ends the sessions that it is about, and tells those partners who can be told behind the browser's back. Undefined
 * while another request of the same browser is doing that.
 */
export async function beginRun(c: SamlContext, run: Run): Promise<Run | undefined> {
  if (run.record.partners) return run
  if (!(await isFirst(c, `begin ${run.interaction.handle}`, c.var.now + 3600))) return undefined
  const { initiator } = run.record
  const participants = initiator ? await endSessions(c, initiator) : (run.record.participants ?? [])
  const others = (participants ?? []).filter(
    ({ role, entityId }) => role !== initiator?.role || entityId !== initiator.entityId,
  )
  const partners = await Promise.all(inOrder(others).map((each) => tellBehind(c, each)))
  return saveRun(c, run, { ...run.record, partners, ...(!participants && { unknown: true }) })
}

/** Each partner once for each of its sessions; whoever signed the person in to us comes last (Profiles §4.4.3.4). */
function inOrder(participants: readonly Participant[]): Participant[] {
  const distinct = new Map(
    participants.map((each) => [JSON.stringify([each.role, each.entityId, each.sessionIndex]), each]),
  )
  return [...distinct.values()].toSorted((one, other) => Number(one.role === 'idp') - Number(other.role === 'idp'))
}

async function tellBehind(c: SamlContext, participant: Participant): Promise<ToldPartner> {
  const told = { ...participant, name: participant.entityId, state: 'waiting' } as const
  const partner = await partnerOf(c, participant)
  if (!partner) return { ...told, state: 'failed' }
  const named = { ...told, name: partner.name }
  if (await askBehind(c, partner, named)) return { ...named, state: 'done' }
  return { ...named, state: frontEndpoint(partner) ? 'waiting' : 'failed' }
}

/** The run with another state for one of its partners. */
export function withState(record: LogoutRecord, index: number, state: ToldPartner['state']): LogoutRecord {
  const partners = record.partners?.map((each, position) => (position === index ? { ...each, state } : each))
  return { ...record, ...(partners && { partners }) }
}

/** The id of a request names the run and the partner, so that the answer finds them; the handle in it is authentic. */
export function requestId({ interaction }: Run, index: number): string {
  return `_${interaction.handle}.${index}`
}

/** What an answer's `InResponseTo` names. */
export function requestOf(inResponseTo: string): { readonly handle: string; readonly index: number } | undefined {
  const [, handle, index] = /^_([\w-]+)\.(0|[1-9]\d{0,2})$/.exec(inResponseTo) ?? []
  return handle === undefined || index === undefined ? undefined : { handle, index: Number(index) }
}
