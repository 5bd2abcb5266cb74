import * as v from 'valibot'

/** A name identifier as records have it. */
export const NameIdRecord = v.object({
  value: v.string(),
  format: v.string(),
  nameQualifier: v.optional(v.string()),
  spNameQualifier: v.optional(v.string()),
})

const name = 'saml'

/** What an interaction keeps for us. */
export function recordParams(record: object): [string, string][] {
  return [[name, JSON.stringify(record)]]
}

/** Undefined for a record that this release does not know. */
export function readRecord<Output>(
  schema: v.GenericSchema<unknown, Output>,
  params: readonly (readonly [string, string])[],
): Output | undefined {
  const stored = params.find(([key]) => key === name)?.[1]
  const result = stored === undefined ? undefined : v.safeParse(schema, JSON.parse(stored))
  return result?.success ? result.output : undefined
}
