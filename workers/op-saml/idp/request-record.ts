import * as v from 'valibot'
import { NameIdRecord, readRecord } from '../record.ts'

const text = v.string()

/** A partner's wish to have somebody signed in, as it is kept while the person signs in. */
const SignOnRecord = v.object({
  /** Entity id. */
  partner: text,
  /** Of the request; absent when nobody asked. */
  id: v.optional(text),
  acs: text,
  relayState: v.optional(text),
  forceAuthn: v.boolean(),
  isPassive: v.boolean(),
  nameIdFormat: v.optional(text),
  spNameQualifier: v.optional(text),
  allowCreate: v.boolean(),
  contexts: v.optional(
    v.object({ comparison: v.picklist(['exact', 'minimum', 'maximum', 'better']), classes: v.array(text) }),
  ),
  subject: v.optional(NameIdRecord),
})

export type SignOnRecord = v.InferOutput<typeof SignOnRecord>

/** Undefined for a record that this release does not know. */
export function readSignOnRecord(params: readonly (readonly [string, string])[]): SignOnRecord | undefined {
  return readRecord(SignOnRecord, params)
}
