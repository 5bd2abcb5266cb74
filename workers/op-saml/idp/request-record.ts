import * as v from 'valibot'

const text = v.string()
const NameIdRecord = v.object({
  value: text,
  format: text,
  nameQualifier: v.optional(text),
  spNameQualifier: v.optional(text),
})

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

const name = 'saml'

/** For the interaction that keeps it. */
export function recordParams(record: object): [string, string][] {
  return [[name, JSON.stringify(record)]]
}

/** Undefined for a record that this release does not know. */
export function readSignOnRecord(params: readonly (readonly [string, string])[]): SignOnRecord | undefined {
  return readRecord(SignOnRecord, params)
}

export function readRecord<Output>(
  schema: v.GenericSchema<unknown, Output>,
  params: readonly (readonly [string, string])[],
): Output | undefined {
  const stored = params.find(([key]) => key === name)?.[1]
  const result = stored === undefined ? undefined : v.safeParse(schema, JSON.parse(stored))
  return result?.success ? result.output : undefined
}
