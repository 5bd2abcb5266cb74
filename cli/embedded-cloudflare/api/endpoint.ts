import type { Answer } from './answer.ts'
import type { Call } from './call.ts'

/** One method of one path; `:name` stands for a segment, `*name` for the rest of the path. */
export interface Endpoint {
  readonly method: string
  readonly segments: readonly string[]
  /** Cloudflare's permission that the token needs; absent: any valid token. */
  readonly permission?: string
  readonly handle: (call: Call) => Answer | Promise<Answer>
}

/** Describes an endpoint; a path below the API's base such as `/accounts/:account/d1/database`. */
export function endpoint(
  method: string,
  path: string,
  permission: string | undefined,
  handle: (call: Call) => Answer | Promise<Answer>,
): Endpoint {
  return { method, segments: path.split('/').slice(1), ...(permission !== undefined && { permission }), handle }
}

/** The endpoint for a request, with the parameters of its path. */
export function findEndpoint(
  endpoints: readonly Endpoint[],
  method: string,
  path: string,
): { endpoint: Endpoint; params: Record<string, string> } | undefined {
  const segments = path.split('/').slice(1)
  for (const candidate of endpoints) {
    if (candidate.method !== method) continue
    const params = matchSegments(candidate.segments, segments)
    if (params) return { endpoint: candidate, params }
  }
  return undefined
}

function matchSegments(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {}
  for (const [index, part] of pattern.entries()) {
    if (part.startsWith('*')) {
      params[part.slice(1)] = decode(segments.slice(index).join('/'))
      return params
    }
    const segment = segments[index]
    if (segment === undefined) return undefined
    if (part.startsWith(':')) params[part.slice(1)] = decode(segment)
    else if (part !== segment) return undefined
  }
  return segments.length === pattern.length ? params : undefined
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
