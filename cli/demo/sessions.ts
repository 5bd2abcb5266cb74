import { randomBytes } from 'node:crypto'
import type { DeviceAttempt, SignInAttempt, Tokens } from './relying-party.ts'
import type { Assertion } from './service-provider.ts'

/** What the application knows of one browser. */
export interface Session {
  readonly attempt?: SignInAttempt
  readonly device?: DeviceAttempt
  readonly tokens?: Tokens
  readonly userinfo?: Record<string, unknown>
  /** Of somebody who came by SAML. */
  readonly assertion?: Assertion
  /** What was done last, said once. */
  readonly done?: string
}

const COOKIE = 'demo_session'
const MOST = 1000

/** Sessions in memory, found by a random cookie. They end with the process. */
export class Sessions {
  readonly #sessions = new Map<string, Session>()

  find(cookieHeader: string | undefined): { id: string; session: Session } | undefined {
    const id = new RegExp(`(?:^|;\\s*)${COOKIE}=([\\w-]+)`).exec(cookieHeader ?? '')?.[1]
    const session = id === undefined ? undefined : this.#sessions.get(id)
    return id === undefined || session === undefined ? undefined : { id, session }
  }

  /** Starts a session under a new name, and gives the header that sets it. A former one ends. */
  start(session: Session, formerId?: string): string {
    if (formerId !== undefined) this.end(formerId)
    const [oldest] = this.#sessions.keys()
    if (this.#sessions.size >= MOST && oldest !== undefined) this.end(oldest)
    const id = randomBytes(24).toString('base64url')
    this.#sessions.set(id, session)
    // Lax: the cookie comes along when the provider sends the browser back, and not with a form of another site.
    return `${COOKIE}=${id}; Path=/; HttpOnly; SameSite=Lax`
  }

  update(id: string, session: Session): void {
    this.#sessions.set(id, session)
  }

  end(id: string): void {
    this.#sessions.delete(id)
  }
}
