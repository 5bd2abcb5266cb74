/** One invocation of a Worker that really happened. */
export interface Invocation {
  /** Milliseconds since 1970. */
  readonly time: number
  readonly scriptTag: string
  readonly versionId: string
  /** Cloudflare's word: `success`, `scriptThrewException`, `exceededResources`, … */
  readonly status: string
  /** Microseconds; absent for what the front did not carry, such as calls between Workers. */
  readonly wallTime?: number
  /** Microseconds; absent where another request ran at the same time. */
  readonly cpuTime?: number
}

/** How long a request took at the front. */
export interface Timing {
  readonly worker: string
  readonly wallTime: number
  readonly cpuTime?: number
}

const KEPT = 50_000

/** Invocations that analytics count. */
export class Invocations {
  #invocations: Invocation[]
  /** By the request's id, until its trace arrives. */
  readonly #timings = new Map<string, Timing>()

  constructor(invocations: readonly Invocation[] = []) {
    this.#invocations = [...invocations]
  }

  get all(): readonly Invocation[] {
    return this.#invocations
  }

  add(invocation: Invocation): void {
    this.#invocations.push(invocation)
    if (this.#invocations.length > KEPT) this.#invocations = this.#invocations.slice(-KEPT / 2)
  }

  /** Keeps what the front measured. */
  keepTiming(id: string, timing: Timing): void {
    this.#timings.set(id, timing)
    const [oldest] = this.#timings.keys()
    if (this.#timings.size > 2000 && oldest !== undefined) this.#timings.delete(oldest)
  }

  /** What the front measured for a request of this Worker; a request passed on to another Worker keeps its id. */
  takeTiming(id: string | undefined, worker: string): Timing | undefined {
    const timing = id === undefined ? undefined : this.#timings.get(id)
    if (id === undefined || timing?.worker !== worker) return undefined
    this.#timings.delete(id)
    return timing
  }
}

/** Cloudflare's analytics have other words than its traces. */
export function statusOf(outcome: string): string {
  const words: Record<string, string> = {
    ok: 'success',
    exception: 'scriptThrewException',
    exceededCpu: 'exceededResources',
    exceededMemory: 'exceededMemory',
    canceled: 'clientDisconnected',
    responseStreamDisconnected: 'responseStreamDisconnected',
  }
  return words[outcome] ?? 'internalError'
}
