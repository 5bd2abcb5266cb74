import { waitUntil } from 'cloudflare:workers'
import type { Owner } from '../../shared/http/owner.ts'
import { approvedGrant } from '../../shared/protocol/ask.ts'
import type { Client } from '../../shared/protocol/client.ts'
import { type Grant, isOffline, tokenAudience } from '../../shared/protocol/grant.ts'
import { randomId } from '../../shared/protocol/handle.ts'
import { halfHash } from '../../shared/protocol/id-token.ts'
import { resourceToken } from '../../shared/stores/d1/consents.ts'
import { decided, knowledge } from '../../shared/stores/grants.ts'
import { shard } from '../../shared/stores/shards.ts'
import type { Ask } from './asks.ts'
import type { AsyncContext } from './deps.ts'

/**
 * Approves a request: opens the grant, and then decides, so that whoever polls finds it. True if this call decided;
 * a grant that lost the race is never claimed.
 */
export async function approve(c: AsyncContext, ask: Ask, { user, signedIn }: Owner): Promise<boolean> {
  const { deps, now } = c.var
  // Read past every cache: the ledger refuses an older record, and nobody approves often.
  const client = await deps.clients.findLatest(ask.clientId, now)
  if (!client || client.disabled) return fail(c, ask)
  const grant = approvedGrant(ask.request, ask.clientId, user.sub, signedIn.session, now)
  const at = { shard: ask.shard, id: randomId() }
  await deps.grants.open({ ...at, codeExpiresAt: ask.expiresAt, offline: isOffline(grant) }, grant, client, now)
  const result = ask.push ? await pushedTokens(c, ask, client, grant, at) : undefined
  if (ask.push && !result) return fail(c, ask)
  const won = await deps.asks.decide(ask, { id: at.id, record: JSON.stringify(grant) }, result, now)
  if (!won) {
    await decided(shard(deps.ledger, at.shard).revoke(at.id, now))
    return false
  }
  const earlier = await deps.consents.find(user.sub, ask.clientId)
  const tokens = [...ask.request.scope, ...ask.request.resources.map(resourceToken)]
  const all = [...new Set([...(earlier?.tokens ?? []), ...tokens])]
  await deps.consents.grant(user.sub, { clientId: ask.clientId, tokens: all, grantedAt: now })
  note(c, user.sub, 'consent_granted', 'done')
  return true
}

/** Denies a request. True if this call decided. */
export async function deny(c: AsyncContext, ask: Ask, { user }: Owner): Promise<boolean> {
  const result = ask.push ? { error: 'access_denied', error_description: 'the person declined' } : undefined
  const won = await c.var.deps.asks.decide(ask, undefined, result, c.var.now)
  if (won) note(c, user.sub, 'request_denied', 'done')
  return won
}

/** A client that waits for a push learns that the approval came to nothing (CIBA §12). Always false. */
async function fail(c: AsyncContext, ask: Ask): Promise<boolean> {
  const result = { error: 'transaction_failed', error_description: 'the tokens could not be made' }
  if (ask.push) await c.var.deps.asks.decide(ask, undefined, result, c.var.now)
  return false
}

/** Notes what a person did, without making them wait for the log. */
export function note(c: AsyncContext, sub: string, action: string, outcome: string): void {
  const event = { time: Date.now(), actor: sub, action, target: sub, outcome, requestId: c.var.requestId }
  waitUntil(
    c.var.deps.audit.record(event).catch((error: unknown) => {
      console.error(JSON.stringify({ level: 'error', event: 'audit_failed', ...event, reason: String(error) }))
    }),
  )
}

/** The tokens of a push client, bound to its request and to each other (CIBA §10.3.1); undefined if it gets none. */
async function pushedTokens(
  c: AsyncContext,
  ask: Ask,
  client: Client,
  grant: Grant,
  at: { shard: number; id: string },
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const { deps, now } = c.var
  const authReqId = await deps.asks.authReqId(ask)
  const lifetimes = deps.tokens.lifetimesOf(grant, now)
  const ledger = shard(deps.ledger, at.shard)
  const refusal = await decided(ledger.claim(at.id, randomId(), knowledge(client), lifetimes, now))
  if (refusal) return undefined
  const audience = tokenAudience([], grant.resources, deps.issuer)
  const tokens = await deps.tokens.firstTokens(client, grant, at, audience, now, async (refreshToken) => ({
    'urn:openid:params:jwt:claim:auth_req_id': authReqId,
    ...(refreshToken !== undefined && { 'urn:openid:params:jwt:claim:rt_hash': await halfHash(refreshToken) }),
  }))
  return { ...tokens }
}
