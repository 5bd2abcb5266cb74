import { type HandleKeys, handleHash, mintHandle, randomId } from '../../shared/protocol/handle.ts'
import { passwordAcr } from '../../shared/protocol/id-token.ts'
import type { Agent } from './agent.ts'
import { everyShard, objectOf } from './durable-objects.ts'
import type { System, TestUser } from './system.ts'

/** Makes the sign-ins of a person so many seconds older. */
export async function ageSessions(system: System, sub: string, seconds: number): Promise<void> {
  const now = Math.floor(Date.now() / 1000)
  for (const store of await everyShard(system, 'SESSION_STORE')) {
    for (const { id, ...session } of await store.list(sub, now)) {
      await store.end(String(id))
      await store.create(String(id), { ...session, authTime: Number(session['authTime']) - seconds })
    }
  }
}

/**
 * Gives a browser the session that a sign-in would, without the fifth of a second that checking a password takes:
 * for tests about what comes after.
 */
export async function startSession(system: System, agent: Agent, user: TestUser): Promise<void> {
  const now = Math.floor(Date.now() / 1000)
  const at = { shard: 0, expiresAt: now + 43_200 }
  const keys = await sessionKeys(system, now)
  const cookie = await mintHandle(keys, { kind: 'session', generation: 0, id: randomId(), ...at })
  const store = await objectOf(system, 'SESSION_STORE', `shard-${at.shard}`)
  await store.create(await handleHash(cookie), {
    sub: user.sub,
    sid: randomId(),
    authTime: now,
    acr: passwordAcr,
    amr: ['pwd'],
    createdAt: now,
    lastSeenAt: now,
    expiresAt: at.expiresAt,
    userAgent: '',
    address: agent.address,
    clients: {},
  })
  agent.cookies.set('__Host-authrim-session', cookie)
}

async function sessionKeys(system: System, now: number): Promise<HandleKeys> {
  const manager = await objectOf(system, 'KEY_MANAGER', 'keys')
  const { handles } = await manager.lease(['handle:session'], now)
  const keys = new Map<number, CryptoKey>()
  for (const { id, key } of handles['session'] ?? []) {
    const algorithm = { name: 'HMAC', hash: 'SHA-256' }
    keys.set(id, await crypto.subtle.importKey('raw', Buffer.from(key, 'base64url'), algorithm, false, ['sign']))
  }
  return keys
}
