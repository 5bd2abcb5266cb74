import { waitUntil } from 'cloudflare:workers'
import type { SamlContext } from './deps.ts'

/** Notes what a person did with a partner, without making them wait for the log. */
export function noteEvent(c: SamlContext, sub: string, action: string, target: string, outcome = 'done'): void {
  const event = { time: Date.now(), actor: sub, action, target, outcome, requestId: c.var.requestId }
  waitUntil(
    c.var.deps.audit.record(event).catch((error: unknown) => {
      console.error(JSON.stringify({ level: 'error', event: 'audit_failed', ...event, reason: String(error) }))
    }),
  )
}
