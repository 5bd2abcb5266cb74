import * as v from 'valibot'
import { NameIdRecord, readRecord } from '../record.ts'

const text = v.string()
const role = v.picklist(['sp', 'idp'])

/** A partner that took part in a session which has ended. */
const ParticipantRecord = v.object({ role, entityId: text, nameId: NameIdRecord, sessionIndex: v.optional(text) })

/** A partner's wish to have somebody signed out; it gets the answer at the end. */
const InitiatorRecord = v.object({
  role,
  entityId: text,
  /** Of its request. */
  id: text,
  relayState: v.optional(text),
  nameId: NameIdRecord,
  sessionIndexes: v.array(text),
})

const ToldRecord = v.object({
  ...ParticipantRecord.entries,
  name: text,
  state: v.picklist(['waiting', 'asked', 'done', 'failed']),
})

const LogoutRecord = v.object({
  /** Undefined until the sessions have ended and it is known who is to be told. */
  partners: v.optional(v.array(ToldRecord)),
  /** Of sessions that op-auth ended. */
  participants: v.optional(v.array(ParticipantRecord)),
  initiator: v.optional(InitiatorRecord),
  /** Nobody was signed in under the initiator's name. */
  unknown: v.optional(v.boolean()),
  /** Where the person goes at the end: a path of ours, or an address registered for an OpenID client. */
  returnTo: v.optional(text),
})

export type Initiator = v.InferOutput<typeof InitiatorRecord>
export type ToldPartner = v.InferOutput<typeof ToldRecord>
export type LogoutRecord = v.InferOutput<typeof LogoutRecord>

/** Undefined for a record that this release does not know. */
export function readLogoutRecord(params: readonly (readonly [string, string])[]): LogoutRecord | undefined {
  return readRecord(LogoutRecord, params)
}
