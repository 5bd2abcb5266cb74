import * as v from 'valibot'
import type { Trace } from './trace.ts'

/** What a tail may be narrowed to; every member must hold. */
export const tailFilterSchema = v.looseObject({
  sampling_rate: v.optional(v.number()),
  outcome: v.optional(v.array(v.string())),
  method: v.optional(v.array(v.string())),
  header: v.optional(v.object({ key: v.string(), query: v.optional(v.string()) })),
  client_ip: v.optional(v.array(v.string())),
  query: v.optional(v.string()),
  version: v.optional(v.string()),
})

export type TailFilter = v.InferOutput<typeof tailFilterSchema>

/** Whether a trace passes all filters of a tail. */
export function passes(filters: readonly TailFilter[], trace: Trace, versionId: string): boolean {
  return filters.every((filter) => holds(filter, trace, versionId))
}

function holds(filter: TailFilter, trace: Trace, versionId: string): boolean {
  const { request } = trace.event ?? {}
  const { sampling_rate: rate, outcome, method, header, client_ip: addresses, query, version } = filter
  if (rate !== undefined && Math.random() >= rate) return false
  if (outcome && !outcome.includes(trace.outcome)) return false
  if (method && !method.includes(request?.method ?? '')) return false
  if (header) {
    const value = request?.headers[header.key.toLowerCase()]
    if (value === undefined || !value.includes(header.query ?? '')) return false
  }
  if (addresses && !addresses.includes(request?.headers['cf-connecting-ip'] ?? '')) return false
  if (query !== undefined && !JSON.stringify(trace.logs).includes(query)) return false
  return version === undefined || version === versionId
}
