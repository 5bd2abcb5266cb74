import type { Keyring } from '../keys/keyring.ts'
import { handleHash } from '../protocol/handle.ts'
import type { Session, SessionStore } from '../stores/durable-objects/session-store.ts'
import { decided } from '../stores/grants.ts'
import { shard } from '../stores/shards.ts'
import { readCookie } from './cookies.ts'

/** A live session of the asking browser. */
export interface SignedIn {
  readonly handle: string
  readonly id: string
  readonly shard: number
  readonly session: Session
}

/** One browser holds so many accounts at most. */
export const maximumAccounts = 5

/** Who is signed in in a browser. The cookie holds one handle for each account, the one used last first. */
export class SignedInPeople {
  readonly #keyring: Keyring
  readonly #store: DurableObjectNamespace<SessionStore>

  constructor(keyring: Keyring, store: DurableObjectNamespace<SessionStore>) {
    this.#keyring = keyring
    this.#store = store
  }

  /** The session used last, or undefined; for requests of a client, those that are for it alone count, too. */
  async current(request: Request, now: number, clientId?: string): Promise<SignedIn | undefined> {
    for (const handle of handlesOf(request)) {
      const signedIn = await this.visit(handle, now, clientId)
      if (signedIn) return signedIn
    }
    return undefined
  }

  /** The session of a handle, if it is live and this client may see it. */
  protected async visit(handle: string, now: number, clientId: string | undefined): Promise<SignedIn | undefined> {
    const opened = await this.#keyring.open('session', handle, now)
    if (!opened) return undefined
    const id = await handleHash(handle)
    const session = await decided(shard(this.#store, opened.shard).visit(id, now, clientId))
    return session && { handle, id, shard: opened.shard, session }
  }
}

/** The handles of a browser's sessions, the one used last first. */
export function handlesOf(request: Request): string[] {
  return readCookie(request, 'session')?.split('.').slice(0, maximumAccounts) ?? []
}
