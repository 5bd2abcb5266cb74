import type { VersionCounts } from '../cloudflare/analytics.ts'
import type { Check } from './checks.ts'

/** Fewer requests of a version say nothing about it. */
export const fewestRequests = 50
/** A single failure may be anybody's. */
export const fewestErrors = 3
/** How much more often than the former version a new one may fail: one request in a hundred. */
export const tolerated = 0.01

const none: VersionCounts = { requests: 0, errors: 0 }

/**
 * Judges a new version by what became of its invocations beside those of the former one in the same time. An error is
 * an invocation that Cloudflare ended: an uncaught exception, too much CPU or memory; an answer of 500 is none. Too few
 * requests, or counts that have not arrived yet, let it pass and say so.
 */
export function errorRateCheck(next: VersionCounts = none, former: VersionCounts = none): Check {
  const name = 'error rate'
  if (next.requests < fewestRequests) {
    return { name, ok: true, detail: `not compared: ${next.requests} requests of the new version are counted yet` }
  }
  if (next.errors < fewestErrors || rate(next) <= rate(former) + tolerated) return { name, ok: true }
  return { name, ok: false, detail: `fails ${percent(next)} of its requests, the former version ${percent(former)}` }
}

function rate({ requests, errors }: VersionCounts): number {
  return requests === 0 ? 0 : errors / requests
}

function percent(counts: VersionCounts): string {
  return `${(rate(counts) * 100).toFixed(1)} %`
}
