import { addressKey, type ThrottlePolicy } from '../../shared/protocol/throttling.ts'
import type { Throttle } from '../../shared/stores/durable-objects/throttle.ts'
import { Throttles } from '../../shared/stores/throttles.ts'

/** Codes typed in one browser: whoever mistypes never notices. */
const browserPolicy: ThrottlePolicy = { free: 5, firstWait: 60, longestWait: 900, memory: 3600 }

/** Codes typed from one address, which an office shares. */
const addressPolicy: ThrottlePolicy = { free: 20, firstWait: 60, longestWait: 900, memory: 3600 }

/** Wrong codes of everybody together. They slow down guessing from many addresses, and honest people by seconds. */
const everybodyPolicy: ThrottlePolicy = { free: 1000, firstWait: 1, longestWait: 8, memory: 3600 }

/** Requests of a client to one person: after a few the person gets peace (CIBA §14). */
const promptPolicy: ThrottlePolicy = { free: 5, firstWait: 60, longestWait: 1800, memory: 3600 }

/** Hints that lead to nobody, by client: enough for typing errors, too few to learn who is here. */
const hintPolicy: ThrottlePolicy = { free: 10, firstWait: 30, longestWait: 1800, memory: 86_400 }

/** Hints of a client that are being looked up. */
const hintsAtOnce: ThrottlePolicy = { free: 10, firstWait: 1, longestWait: 1, memory: 10 }

/** Wrong user codes of CIBA, by person: a code may be four digits. */
const userCodePolicy: ThrottlePolicy = { free: 5, firstWait: 60, longestWait: 3600, memory: 86_400 }

/** Limits of what may be guessed or sent to people. Each answers the seconds to wait, 0 for none. */
export class Attempts {
  readonly #throttles: Throttles

  constructor(throttle: DurableObjectNamespace<Throttle>) {
    this.#throttles = new Throttles(throttle)
  }

  /** Counts a code before it is looked up. What a browser or an address may not try does not count for everybody. */
  async code(browser: string, address: string, now: number): Promise<number> {
    const keys = codeKeys(browser, address, now)
    const waits = await Promise.all([
      this.#throttles.attempt(keys.browser, browserPolicy, now),
      this.#throttles.attempt(keys.address, addressPolicy, now),
    ])
    const wait = Math.max(...waits)
    return wait > 0 ? wait : this.#throttles.attempt(keys.everybody, everybodyPolicy, now)
  }

  /** A right code was no guess. It forgives no others: anybody can have a code of their own to enter in between. */
  async rightCode(browser: string, address: string, now: number): Promise<void> {
    await Promise.all(Object.values(codeKeys(browser, address, now)).map((key) => this.#throttles.release(key)))
  }

  prompt(sub: string, clientId: string, now: number): Promise<number> {
    return this.#throttles.attempt(`prompt:${sub}:${clientId}`, promptPolicy, now)
  }

  /** Before a hint is looked up: whether its client has guessed too often, or has too many looked up just now. */
  async hint(clientId: string, now: number): Promise<number> {
    const key = `hint:${clientId}`
    const wait = await this.#throttles.wait(key, hintPolicy, now)
    return wait > 0 ? wait : this.#throttles.attempt(`hints:${clientId}`, hintsAtOnce, now)
  }

  /** After a hint was looked up. */
  hintDone(clientId: string): Promise<void> {
    return this.#throttles.release(`hints:${clientId}`)
  }

  /** Counts a hint that led to nobody, before its client is told so. */
  wrongHint(clientId: string, now: number): Promise<number> {
    return this.#throttles.attempt(`hint:${clientId}`, hintPolicy, now)
  }

  userCode(sub: string, now: number): Promise<number> {
    return this.#throttles.attempt(`user_code:${sub}`, userCodePolicy, now)
  }

  rightUserCode(sub: string): Promise<void> {
    return this.#throttles.clear(`user_code:${sub}`)
  }
}

/** Counts that many people share start anew with the hour: as long as somebody types they are not forgotten. */
function codeKeys(browser: string, address: string, now: number) {
  const hour = Math.floor(now / 3600)
  return {
    browser: `code:browser:${browser}`,
    address: `code:address:${addressKey(address)}:${hour}`,
    everybody: `code:everybody:${hour}`,
  }
}
