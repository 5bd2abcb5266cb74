import * as v from 'valibot'

const Trace = v.object({
  outcome: v.string(),
  eventTimestamp: v.nullish(v.number()),
  scriptVersion: v.nullish(v.looseObject({ id: v.string() })),
  wallTime: v.nullish(v.number()),
  cpuTime: v.nullish(v.number()),
  event: v.nullish(
    v.looseObject({
      request: v.optional(
        v.looseObject({
          url: v.string(),
          method: v.string(),
          headers: v.optional(v.record(v.string(), v.string()), {}),
        }),
      ),
      response: v.optional(v.looseObject({ status: v.number() })),
    }),
  ),
  logs: v.optional(v.array(v.looseObject({ message: v.unknown(), level: v.optional(v.string(), 'log') })), []),
  exceptions: v.optional(v.array(v.looseObject({ name: v.optional(v.string(), 'Error'), message: v.unknown() })), []),
})

/** What our Workers write about a request; see shared/http/app.ts. */
const OwnLine = v.looseObject({
  requestId: v.optional(v.string()),
  error: v.optional(v.string()),
  description: v.optional(v.string()),
})

/** One request to a Worker, as `authrim logs` tells it. */
export interface LogLine {
  readonly time: string
  readonly worker: string
  readonly requestId: string | null
  readonly method: string | null
  /** Without its query, which may hold codes and tokens. */
  readonly path: string | null
  readonly status: number | null
  /** Cloudflare's word for how it ended: `ok`, `exception`, `exceededCpu`, `exceededMemory`, `canceled` … */
  readonly outcome: string
  readonly wallMs: number | null
  readonly cpuMs: number | null
  readonly versionId: string | null
  /** Code and description of the error that was answered. */
  readonly error: string | null
  readonly logs: readonly { readonly level: string; readonly message: string }[]
  readonly exceptions: readonly string[]
}

/** Reads what a tail sends; undefined for what is no request and went well, such as calls into objects. */
export function readTrace(worker: string, text: string): LogLine | undefined {
  const result = v.safeParse(Trace, parse(text))
  if (!result.success) return undefined
  const { outcome, event, logs, exceptions, eventTimestamp, scriptVersion, wallTime, cpuTime } = result.output
  const request = event?.request
  if (!request && outcome === 'ok' && exceptions.length === 0) return undefined
  const messages = logs.map(({ level, message }) => ({ level, message: plain(message) }))
  const own = messages.map(({ message }) => v.safeParse(OwnLine, parse(message))).find(({ success }) => success)
  const said = own?.success ? own.output : undefined
  return {
    time: new Date(eventTimestamp ?? Date.now()).toISOString(),
    worker,
    requestId: said?.requestId ?? request?.headers['cf-ray'] ?? null,
    method: request?.method ?? null,
    path: request ? (URL.parse(request.url)?.pathname ?? null) : null,
    status: event?.response?.status ?? null,
    outcome,
    wallMs: wallTime ?? null,
    cpuMs: cpuTime ?? null,
    versionId: scriptVersion?.id ?? null,
    error: said?.error === undefined ? null : [said.error, said.description].filter(Boolean).join(': '),
    logs: messages,
    exceptions: exceptions.map(({ name, message }) => `${name}: ${plain(message)}`),
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** `console.log(a, b)` comes as a list. */
function plain(message: unknown): string {
  if (Array.isArray(message)) return message.map(plain).join(' ')
  return typeof message === 'string' ? message : (JSON.stringify(message) ?? '')
}
