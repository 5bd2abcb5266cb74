import { OperatorCancelled, usageError } from '../error.ts'

/** Asks the person at the terminal, on stderr; where nobody can answer, says which option would. */
export class Prompt {
  readonly #interactive: boolean
  readonly #yes: boolean

  constructor(options: { interactive: boolean; yes: boolean }) {
    this.#interactive = options.interactive
    this.#yes = options.yes
  }

  /** Whether a question would be answered by a person. */
  get interactive(): boolean {
    return this.#interactive && !this.#yes
  }

  async text(message: string, option: string): Promise<string> {
    this.#demand(option)
    const { text } = await import('@clack/prompts')
    return answered(
      await text({
        message,
        output: process.stderr,
        validate: (value) => (value ? undefined : 'An answer is needed.'),
      }),
    )
  }

  /**
   * Text with a proposal, which --yes accepts.
   * @param problem what is wrong with an answer, which is then asked for again.
   */
  async textOr(
    message: string,
    proposal: string,
    option: string,
    problem: (answer: string) => string | undefined,
  ): Promise<string> {
    if (this.#yes) return proposal
    this.#demand(option)
    const { text } = await import('@clack/prompts')
    const validate = (value = '') => problem(value === '' ? proposal : value)
    return answered(await text({ message, initialValue: proposal, output: process.stderr, validate })) || proposal
  }

  /** Whether to go on; --yes says so. */
  async confirm(message: string): Promise<void> {
    if (this.#yes) return
    this.#demand('--yes')
    const { confirm } = await import('@clack/prompts')
    const go: boolean | symbol = await confirm({ message, initialValue: true, output: process.stderr })
    if (go !== true) throw new OperatorCancelled()
  }

  async choice(message: string, choices: readonly string[], option: string): Promise<string> {
    this.#demand(option)
    const { select } = await import('@clack/prompts')
    const options = choices.map((value) => ({ value, label: value }))
    return answered(await select({ message, options, output: process.stderr }))
  }

  /** A secret, typed twice. */
  async newPassword(message: string, option: string): Promise<string> {
    this.#demand(option)
    const { password } = await import('@clack/prompts')
    const first = answered(await password({ message, output: process.stderr }))
    const validate = (again = '') => (again === first ? undefined : 'It differs from the first.')
    return answered(await password({ message: 'Once more', output: process.stderr, validate }))
  }

  /** A secret that exists, typed once. */
  async password(message: string, option: string): Promise<string> {
    this.#demand(option)
    const { password } = await import('@clack/prompts')
    return answered(await password({ message, output: process.stderr }))
  }

  /** Something is removed for good: the environment's name must be typed, or given with --confirm. */
  async confirmRemoval(what: string, environment: string, given: string | undefined): Promise<void> {
    if (given === environment) return
    if (given !== undefined) {
      throw usageError(`--confirm says ${given}, but this is the environment ${environment}.`)
    }
    this.#demand(`--confirm ${environment}`)
    const { text } = await import('@clack/prompts')
    const typed = answered(await text({ message: `${what} Type ${environment} to go on.`, output: process.stderr }))
    if (typed !== environment) throw new OperatorCancelled()
  }

  #demand(option: string): void {
    if (!this.interactive) throw usageError(`An answer is missing: give ${option}.`)
  }
}

function answered(value: string | symbol): string {
  if (typeof value === 'symbol') throw new OperatorCancelled()
  return value
}
