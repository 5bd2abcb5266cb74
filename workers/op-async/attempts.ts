import { addressKey, type ThrottlePolicy } from '../../shared/protocol/throttling.ts'
import type { Throttle } from '../../shared/stores/durable-objects/throttle.ts'
import { decided } from '../../shared/stores/grants.ts'
import { shard, shardOf } from '../../shared/stores/shards.ts'

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

/** Wrong user codes of CIBA, by person: a code may be four digits. */
const userCodePolicy: ThrottlePolicy = { free: 5, firstWait: 60, longestWait: 3600, memory: 86_400 }

const everybody = 'code:everybody'

/** Limits of what may be guessed or sent to people. Each answers the seconds to wait, 0 for none. */
export class Attempts {
  readonly #throttle: DurableObjectNamespace<Throttle>

  constructor(throttle: DurableObjectNamespace<Throttle>) {
    this.#throttle = throttle
  }

  /** Counts a code before it is looked up. */
  async code(browser: string, address: string, now: number): Promise<number> {
    const waits = await Promise.all([
      this.#attempt(`code:browser:${browser}`, browserPolicy, now),
      this.#attempt(`code:address:${addressKey(address)}`, addressPolicy, now),
      decided(this.#shard(everybody).wait(everybody, everybodyPolicy, now)),
    ])
    return Math.max(...waits)
  }

  async wrongCode(now: number): Promise<void> {
    await this.#attempt(everybody, everybodyPolicy, now)
  }

  /** A right code ends the count of its browser and its address. */
  async rightCode(browser: string, address: string): Promise<void> {
    await Promise.all([this.#clear(`code:browser:${browser}`), this.#clear(`code:address:${addressKey(address)}`)])
  }

  prompt(sub: string, clientId: string, now: number): Promise<number> {
    return this.#attempt(`prompt:${sub}:${clientId}`, promptPolicy, now)
  }

  /** Whether a client has guessed too often, before its hint is looked at. */
  hintWait(clientId: string, now: number): Promise<number> {
    const key = `hint:${clientId}`
    return decided(this.#shard(key).wait(key, hintPolicy, now))
  }

  async wrongHint(clientId: string, now: number): Promise<void> {
    await this.#attempt(`hint:${clientId}`, hintPolicy, now)
  }

  userCode(sub: string, now: number): Promise<number> {
    return this.#attempt(`user_code:${sub}`, userCodePolicy, now)
  }

  rightUserCode(sub: string): Promise<void> {
    return this.#clear(`user_code:${sub}`)
  }

  #attempt(key: string, policy: ThrottlePolicy, now: number): Promise<number> {
    return decided(this.#shard(key).attempt(key, policy, now))
  }

  async #clear(key: string): Promise<void> {
    await decided(this.#shard(key).clear(key))
  }

  #shard(key: string): DurableObjectStub<Throttle> {
    return shard(this.#throttle, shardOf(key))
  }
}
