/** What goes wrong with a request. */
export type FaultKind =
  /** Answers this status in the envelope, with Retry-After where given; the request is not carried out. */
  | { readonly type: 'status'; readonly status: number; readonly code?: number; readonly retryAfter?: number | string }
  /** An HTML page, as proxies in front of the API send. */
  | { readonly type: 'html'; readonly status?: number }
  /** Never answers. */
  | { readonly type: 'hang' }
  /** Answers after this long. */
  | { readonly type: 'slow'; readonly milliseconds: number }
  /** Carries the request out and closes the connection in the middle of the answer. */
  | { readonly type: 'close-mid-body' }
  /** Carries the request out and closes the connection without an answer. */
  | { readonly type: 'commit-then-close' }
  /** Closes the connection and carries nothing out. */
  | { readonly type: 'close' }

/** Which requests a fault meets. Without `from` and `times`: every one that matches. */
export interface Fault {
  readonly method?: string
  /** Of the path below the API's base. */
  readonly path?: string | RegExp
  /** The first matching request that it meets, counted from 1. */
  readonly from?: number
  /** How many it meets. */
  readonly times?: number
  readonly fault: FaultKind
}

interface ArmedFault extends Fault {
  seen: number
}

/** Faults to inject, changeable while the server runs. */
export class Faults {
  #armed: ArmedFault[] = []

  constructor(faults: readonly Fault[] = []) {
    for (const fault of faults) this.add(fault)
  }

  /** Injects a fault from now on; the function returned takes it away. */
  add(fault: Fault): () => void {
    const armed = { ...fault, seen: 0 }
    this.#armed.push(armed)
    return () => {
      this.#armed = this.#armed.filter((other) => other !== armed)
    }
  }

  clear(): void {
    this.#armed = []
  }

  /** The fault this request meets; each matching one counts it. */
  meet(method: string, path: string): FaultKind | undefined {
    let met: FaultKind | undefined
    for (const armed of this.#armed) {
      if (!matches(armed, method, path)) continue
      armed.seen += 1
      const first = armed.from ?? 1
      const last = armed.times === undefined ? Infinity : first + armed.times - 1
      if (armed.seen >= first && armed.seen <= last) met ??= armed.fault
    }
    return met
  }
}

function matches({ method, path }: Fault, requestMethod: string, requestPath: string): boolean {
  if (method !== undefined && method.toUpperCase() !== requestMethod) return false
  if (path === undefined) return true
  return typeof path === 'string' ? requestPath === path : path.test(requestPath)
}
