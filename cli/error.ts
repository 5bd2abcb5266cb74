/** What the process ends with; scripts rely on these. */
export const exitStatus = {
  done: 0,
  failed: 1,
  usage: 2,
  changesFound: 3,
  partial: 4,
  rolledBack: 5,
  notAuthorised: 6,
  cancelled: 130,
} as const

export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus]

/** A failure in the operator's words: what failed, and in `hint` the next thing to type. */
export class CliError extends Error {
  readonly hint: string | undefined
  readonly exitCode: ExitStatus
  /** A stable word for scripts. */
  readonly code: string
  readonly details: unknown

  constructor(message: string, { hint, exitCode = exitStatus.failed, code = 'failed', details }: CliErrorOptions = {}) {
    super(message)
    this.name = 'CliError'
    this.hint = hint
    this.exitCode = exitCode
    this.code = code
    this.details = details
  }
}

export interface CliErrorOptions {
  readonly hint?: string | undefined
  readonly exitCode?: ExitStatus
  readonly code?: string
  readonly details?: unknown
}

/** Wrong usage or configuration, status 2. */
export function usageError(message: string, hint?: string): CliError {
  return new CliError(message, { hint, exitCode: exitStatus.usage, code: 'usage' })
}

/** The person at the terminal chose to stop, status 130. */
export class OperatorCancelled extends CliError {
  constructor() {
    super('Cancelled.', { exitCode: exitStatus.cancelled, code: 'cancelled' })
    this.name = 'OperatorCancelled'
  }
}
