import type { SigningAlgorithm } from '../../protocol/client.ts'
import { currentKey, departure, keyState, nextKey, switchTime } from '../../protocol/key-life-cycle.ts'
import type { SigningKeys } from './signing-keys.ts'

export interface Rotation {
  readonly alg: SigningAlgorithm
  readonly retiring: string | undefined
  readonly current: string
  /** Published behind `current`. */
  readonly next: string | undefined
  /** When `current` signs; undefined while only an operator decides that. */
  readonly effectiveAt: number | undefined
}

export interface Revocation {
  readonly kid: string
  readonly alg: SigningAlgorithm
  readonly replacement: string
  /** What is refused from now on, in words. */
  readonly dies: string
}

export const tokenAlgorithms: readonly SigningAlgorithm[] = ['ES256', 'RS256']

/**
 * How the keys that sign tokens follow one another. Every decision is a synchronous statement after the cryptography
 * it needs: concurrent calls find each other's result instead of adding a second one. Times are seconds.
 */
export class KeyRotation {
  readonly #keys: SigningKeys
  readonly #longestToken: number

  constructor(keys: SigningKeys, longestToken: number) {
    this.#keys = keys
    this.#longestToken = longestToken
  }

  /** True if every algorithm has a key that signs. */
  isReady(now: number): boolean {
    const keys = this.#keys.published(now)
    return tokenAlgorithms.every((alg) => currentKey(keys, alg, now))
  }

  /** A current and a next key for every algorithm that has none. */
  async begin(now: number): Promise<void> {
    for (const alg of tokenAlgorithms) {
      if (currentKey(this.#keys.published(now), alg, now)) continue
      const [current, next] = await Promise.all([this.#keys.generate(alg, now), this.#keys.generate(alg, now)])
      this.#keys.insert({ ...current, signsFrom: now })
      this.#keys.insert(next)
    }
  }

  /** Plans the switch of an algorithm and publishes a new key behind it; before the switch it repeats its answer. */
  async rotate(alg: SigningAlgorithm, immediately: boolean, now: number): Promise<Rotation> {
    await this.#ensureSpare(alg, now)
    return this.#switch(alg, immediately, now)
  }

  /** Drops a key at once, in the middle of its life. Undefined if there is none of this id. */
  async revoke(kid: string, now: number): Promise<Revocation | undefined> {
    const alg = this.#keys.published(now).find((key) => key.kid === kid)?.alg
    if (!alg) return undefined
    await this.#ensureSpare(alg, now)
    const wasCurrent = currentKey(this.#keys.published(now), alg, now)?.kid === kid
    const successor = nextKey(this.#keys.published(now), alg, now)
    const wasPlanned = successor?.kid === kid && successor.signsFrom !== undefined
    if (!this.#keys.remove(kid)) return undefined
    const replacement = wasCurrent
      ? nextKey(this.#keys.published(now), alg, now)
      : currentKey(this.#keys.published(now), alg, now)
    if (!replacement) throw new Error(`no ${alg} key is left`)
    if (wasCurrent) this.#keys.signFrom(replacement.kid, now)
    // The current key must not leave for a successor that is gone.
    if (wasPlanned) this.#keys.leaveAt(replacement.kid, undefined)
    await this.#ensureSpare(alg, now)
    const dies = `every ${alg} access token and ID token that this key signed; refresh tokens and sessions live on`
    return { kid, alg, replacement: replacement.kid, dies }
  }

  /** Publishes a key beyond the one that signs next, so that a switch always leaves another next behind. */
  async #ensureSpare(alg: SigningAlgorithm, now: number): Promise<void> {
    const waiting = () =>
      this.#keys
        .published(now)
        .filter((key) => key.alg === alg && keyState(key, this.#keys.published(now), now) === 'next')
    if (waiting().length > 1) return
    await this.#keys.checkSecret()
    // Younger than those that wait, also within a second: who was published first signs first.
    const createdAt = Math.max(now, ...waiting().map((key) => key.createdAt + 1))
    const fresh = await this.#keys.generate(alg, createdAt)
    if (waiting().length <= 1) this.#keys.insert(fresh)
  }

  #switch(alg: SigningAlgorithm, immediately: boolean, now: number): Rotation {
    const keys = this.#keys.published(now)
    const current = currentKey(keys, alg, now)
    const next = nextKey(keys, alg, now)
    const spare = nextKey(
      keys.filter((key) => key.kid !== next?.kid),
      alg,
      now,
    )
    if (!next || !spare) throw new Error(`no ${alg} key to switch to`)
    const planned = next.signsFrom !== undefined && !immediately
    const effectiveAt = planned ? (next.signsFrom ?? now) : switchTime(next, now, immediately)
    if (!planned) {
      this.#keys.signFrom(next.kid, effectiveAt)
      if (current) this.#keys.leaveAt(current.kid, departure(effectiveAt, this.#longestToken))
    }
    return { alg, retiring: current?.kid, current: next.kid, next: spare.kid, effectiveAt }
  }
}
