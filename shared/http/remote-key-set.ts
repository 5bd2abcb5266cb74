import { type FlattenedJWSInput, type JWSHeaderParameters, createLocalJWKSet } from 'jose'
import { JWKSNoMatchingKey } from 'jose/errors'
import type { Outbound } from './outbound.ts'

/** A copy serves this long, also while the party's server is down. Seconds. */
const copyLife = 600

/** An unknown key id forces one fetch in this time, whatever came of it. Seconds. */
const forcedInterval = 60

/** Without a copy that serves, a failed fetch is repeated after this time. Seconds. */
const retryInterval = 5

/** How long a request waits for a fetch that another one began. Milliseconds. */
const patience = 6000

type LocalKeySet = ReturnType<typeof createLocalJWKSet>

/** The keys behind a `jwks_uri` (OpenID Connect Core §10.1.1): fetched when needed, at a rate that no stranger drives. */
export class RemoteKeySet {
  readonly #address: string
  readonly #outbound: Outbound
  #copy: { readonly find: LocalKeySet; readonly readAt: number } | undefined
  #fetching: { readonly done: Promise<void>; readonly since: number } | undefined
  #failedAt = -Infinity
  #forcedAt = -Infinity

  constructor(address: string, outbound: Outbound) {
    this.#address = address
    this.#outbound = outbound
  }

  /**
   * The key that signed a token. `now` in seconds.
   * @throws JWKSNoMatchingKey, or what went wrong when the keys were fetched last.
   */
  async key(header: JWSHeaderParameters, token: FlattenedJWSInput, now: number): ReturnType<LocalKeySet> {
    if (!this.#serves(now) && now - this.#failedAt >= retryInterval) await this.#fetch(now)
    if (!this.#copy || !this.#serves(now)) throw new Error(`there are no keys of ${this.#address}`)
    try {
      return await this.#copy.find(header, token)
    } catch (error) {
      if (!(error instanceof JWKSNoMatchingKey)) throw error
      // Whoever comes while a forced fetch is on its way waits for it: it may bring the key.
      if (now - this.#forcedAt < forcedInterval && !this.#fetching) throw error
      this.#forcedAt = now
      await this.#fetch(now)
      return this.#copy.find(header, token)
    }
  }

  #serves(now: number): boolean {
    return this.#copy !== undefined && now - this.#copy.readAt < copyLife
  }

  async #fetch(now: number): Promise<void> {
    // A request that was cancelled leaves its fetch behind unfinished.
    if (!this.#fetching || now - this.#fetching.since > patience / 1000) {
      const done = this.#load(now).finally(() => {
        this.#fetching = undefined
      })
      this.#fetching = { done, since: now }
    }
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patience)
    })
    await Promise.race([this.#fetching.done, late])
    clearTimeout(timer)
  }

  /** A failure leaves the copy as it is. */
  async #load(now: number): Promise<void> {
    try {
      const response = await this.#outbound.fetch(this.#address, { headers: { accept: 'application/json' } })
      if (response.status !== 200) throw new Error(`it answered ${response.status}`)
      this.#copy = { find: createLocalJWKSet(await response.json()), readAt: now }
    } catch (error) {
      this.#failedAt = now
      console.warn(JSON.stringify({ level: 'warn', event: 'jwks_uri_failed', reason: String(error) }))
    }
  }
}
