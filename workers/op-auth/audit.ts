import { waitUntil } from 'cloudflare:workers'
import type { AuthContext } from './deps.ts'
import type { EventAction } from './pages/messages/keys.ts'

/** Notes what a person did, without making them wait for the log. */
export function noteEvent(c: AuthContext, sub: string, action: EventAction): void {
  const outcome = action === 'sign_in_failed' ? 'refused' : 'done'
  const event = { time: Date.now(), actor: sub, action, target: sub, outcome, requestId: c.var.requestId }
  waitUntil(
    c.var.deps.audit.record(event).catch((error: unknown) => {
      console.error(JSON.stringify({ level: 'error', event: 'audit_failed', ...event, reason: String(error) }))
    }),
  )
}
