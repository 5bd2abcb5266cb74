import { OperatorCancelled } from '../error.ts'

/** Ctrl-C during a run: the step goes on to its end, then the run stops. */
export class Interruption implements Disposable {
  #requested = false
  readonly #abort = new AbortController()
  readonly #onSignal: () => void

  constructor(note: (text: string) => void) {
    this.#onSignal = () => {
      if (this.#requested) note('Still stopping: a step is not left half done.')
      else note('Stopping after this step.')
      this.#requested = true
      this.#abort.abort()
    }
    process.on('SIGINT', this.#onSignal)
    process.on('SIGTERM', this.#onSignal)
  }

  /** For waits, which need not go on to their end. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Stops here when the operator asked for it. */
  check(): void {
    if (this.#requested) throw new OperatorCancelled()
  }

  [Symbol.dispose](): void {
    process.removeListener('SIGINT', this.#onSignal)
    process.removeListener('SIGTERM', this.#onSignal)
  }
}
