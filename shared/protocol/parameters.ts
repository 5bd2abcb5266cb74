import { OAuthError, invalidRequest } from './error.ts'

/** More parameters than any request of the specifications has. */
const maximum = 100

/** Parameters that a specification lets a client repeat (RFC 8707 §2). */
const repeatable = new Set(['resource'])

/**
 * The parameters of one request. An empty value counts as absent and a repeated one is refused
 * (RFC 6749 §3.1, §3.2).
 */
export class Parameters {
  readonly #values = new Map<string, string[]>()

  /** @throws OAuthError invalid_request for more parameters than any request has. */
  constructor(pairs: Iterable<readonly [string, string]>) {
    let count = 0
    const repeated: string[] = []
    for (const [name, value] of pairs) {
      if (++count > maximum) throw new OAuthError('invalid_request', 'too many parameters')
      const present = this.#values.get(name)
      if (!present) this.#values.set(name, [value])
      else present.push(value)
      if (present && !repeatable.has(name)) repeated.push(name)
    }
    this.repeated = repeated
  }

  /** Names that came more than once; a browser endpoint decides itself where the refusal goes. */
  readonly repeated: readonly string[]

  /** Refuses the request if a parameter came twice. */
  unrepeated(): this {
    if (this.repeated.length > 0) throw invalidRequest('a parameter is repeated', this.repeated)
    return this
  }

  get(name: string): string | undefined {
    return this.#values.get(name)?.[0] || undefined
  }

  all(name: string): string[] {
    return (this.#values.get(name) ?? []).filter((value) => value !== '')
  }

  /** @throws OAuthError invalid_request if it is absent. */
  required(name: string): string {
    const value = this.get(name)
    if (value === undefined) throw invalidRequest(`${name} is missing`)
    return value
  }

  /** For storing the request as it came, repetitions included: whoever takes it up refuses them. */
  entries(): [string, string][] {
    return [...this.#values].flatMap(([name, values]) => values.map((value): [string, string] => [name, value]))
  }
}
