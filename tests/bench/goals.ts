import type { FloorName } from './floor.ts'

/** What an endpoint may cost: a multiple of a sum of floors. */
export interface Goal {
  readonly endpoint: string
  /** The floors with how often each counts; `hello` is taken off where two floors each contain a whole request. */
  readonly floor: Partial<Record<FloorName, number>>
  /** The multiple; without one the ratio is shown only. */
  readonly atMost?: number
}

/** Client credentials with `console.log` as it is. */
export const logged = 'client credentials, logged'

export const goals: readonly Goal[] = [
  { endpoint: 'discovery', floor: { json3k: 1 }, atMost: 1.15 },
  { endpoint: 'jwks', floor: { json3k: 1 } },
  { endpoint: 'client credentials', floor: { 'token-min': 1 }, atMost: 1.3 },
  { endpoint: 'introspection', floor: { 'verify-read': 1 }, atMost: 1.2 },
  { endpoint: 'userinfo', floor: { 'verify-read': 1, d1: 1, hello: -1 }, atMost: 1.25 },
  { endpoint: 'refresh', floor: { 'refresh-min': 1, kv: 1, hello: -1 }, atMost: 1.4 },
  // Reads and writes one row, and signs nothing: the floor signs and is here for comparison.
  { endpoint: 'poll', floor: { 'refresh-min': 1 } },
  { endpoint: 'code flow', floor: { 'code-min': 1, kv: 2, hello: -1 }, atMost: 1.5 },
  // The same flow against a floor whose second use of KV is what it is, a write; both then contain a whole request.
  { endpoint: 'code flow', floor: { 'code-min': 1, kv: 1, 'kv-put': 1, hello: -2 } },
  // The log line goes through a pipe that only a local workerd has.
  { endpoint: logged, floor: { 'token-min': 1 } },
]

/** A floor as it is written: `verify-read + d1 − hello`. */
export function formula(floor: Goal['floor']): string {
  return Object.entries(floor)
    .map(([name, times], index) => {
      const sign = times < 0 ? '− ' : index === 0 ? '' : '+ '
      return `${sign}${Math.abs(times) === 1 ? '' : `${Math.abs(times)}·`}${name}`
    })
    .join(' ')
}
