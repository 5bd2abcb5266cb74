import { OAuthError } from '../../shared/protocol/error.ts'
import type { User } from '../../shared/stores/users.ts'

/** How long what was read about a person serves when the database does not answer. Seconds. */
const copyLife = 300

/** Copies that an isolate keeps. */
const mostCopies = 1000

interface People {
  find(sub: string): Promise<User | undefined>
}

/**
 * People, also for a short while when the database is down. It is asked every time it answers, so a copy never hides
 * a change; who was signed out or disabled is refused by the ledger, which is asked before.
 */
export class PeopleWithCopies {
  readonly #people: People
  readonly #copies = new Map<string, { readonly user: User; readonly readAt: number }>()

  constructor(people: People) {
    this.#people = people
  }

  /** `now` in seconds. */
  async find(sub: string, now: number): Promise<User | undefined> {
    try {
      const user = await this.#people.find(sub)
      this.#keep(sub, user, now)
      return user
    } catch (error) {
      const copy = this.#copies.get(sub)
      const serves = copy !== undefined && now - copy.readAt <= copyLife
      if (serves && error instanceof OAuthError && error.code === 'temporarily_unavailable') return copy.user
      throw error
    }
  }

  #keep(sub: string, user: User | undefined, now: number): void {
    this.#copies.delete(sub)
    if (!user) return
    const oldest = this.#copies.size >= mostCopies ? this.#copies.keys().next().value : undefined
    if (oldest !== undefined) this.#copies.delete(oldest)
    this.#copies.set(sub, { user, readAt: now })
  }
}
