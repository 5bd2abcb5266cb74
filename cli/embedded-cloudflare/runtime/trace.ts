import * as v from 'valibot'

/** A trace of workerd's, as tail Workers get it. */
const traceSchema = v.looseObject({
  outcome: v.string(),
  eventTimestamp: v.optional(v.nullable(v.number())),
  entrypoint: v.optional(v.nullable(v.string())),
  executionModel: v.optional(v.string()),
  logs: v.array(v.unknown()),
  exceptions: v.array(v.unknown()),
  event: v.optional(
    v.nullable(
      v.looseObject({
        request: v.optional(
          v.looseObject({ url: v.string(), method: v.string(), headers: v.record(v.string(), v.string()) }),
        ),
        response: v.optional(v.looseObject({ status: v.number() })),
      }),
    ),
  ),
})

export type Trace = v.InferOutput<typeof traceSchema>

const batchSchema = v.array(v.object({ worker: v.string(), item: traceSchema }))

/** Reads what the collector sends: traces with the runtime's name of their Worker. */
export function parseTraces(body: unknown): v.InferOutput<typeof batchSchema> {
  return v.parse(batchSchema, body)
}
