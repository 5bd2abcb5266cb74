import { everyShard } from './objects.ts'
import type { System } from './system.ts'

/** Makes the sign-ins of a person so many seconds older. */
export async function ageSessions(system: System, sub: string, seconds: number): Promise<void> {
  const now = Math.floor(Date.now() / 1000)
  for (const store of await everyShard(system, 'SESSION_STORE')) {
    const sessions: (Record<string, unknown> & { id: string; authTime: number })[] = await store['list']?.(sub, now)
    for (const { id, ...session } of sessions) {
      await store['end']?.(id)
      await store['create']?.(id, { ...session, authTime: session.authTime - seconds })
    }
  }
}
