const PATIENCE = 5000

/**
 * Lets work through while the runtime is fresh. To renew it, work in flight is waited for (up to a few seconds) and
 * new work waits, so that a deployment drops no request.
 */
export class Gate {
  readonly #isStale: () => boolean
  readonly #renew: () => Promise<void>
  #inFlight = 0
  #renewal: Promise<void> | undefined
  #drained: (() => void) | undefined

  constructor(isStale: () => boolean, renew: () => Promise<void>) {
    this.#isStale = isStale
    this.#renew = renew
  }

  /** Runs work on a fresh runtime. */
  async use<T>(work: () => Promise<T>): Promise<T> {
    while (this.#renewal || this.#isStale()) await this.fresh()
    this.#inFlight += 1
    try {
      return await work()
    } finally {
      this.#inFlight -= 1
      if (this.#inFlight === 0) this.#drained?.()
    }
  }

  /** Renews the runtime if it is stale; concurrent callers share one renewal. */
  async fresh(): Promise<void> {
    if (!this.#renewal && this.#isStale()) {
      this.#renewal = this.#drainAndRenew().finally(() => (this.#renewal = undefined))
    }
    await this.#renewal
  }

  async #drainAndRenew(): Promise<void> {
    if (this.#inFlight > 0) {
      let timer: NodeJS.Timeout | undefined
      await new Promise<void>((resolve) => {
        this.#drained = resolve
        timer = setTimeout(resolve, PATIENCE)
      })
      clearTimeout(timer)
      this.#drained = undefined
    }
    await this.#renew()
  }
}
