import { CliError, type ExitStatus, exitStatus } from '../error.ts'

/** An answer that is not a success. */
export interface ApiFailure {
  readonly status: number
  readonly target: string
  readonly body: string
  readonly requestId: string | undefined
  /** Seconds after which a repetition makes sense. */
  readonly retryAfter: number | undefined
}

/** What the admin API refused, as the operator is told. */
export function apiError({ status, target, body, requestId }: ApiFailure): CliError {
  const { error, description } = parseError(body)
  return new CliError(description ? sentence(description) : `${target.replace(/\?.*/, '')} answered ${status}.`, {
    code: error ?? 'unexpected_answer',
    exitCode: exitCodeOf(status, error),
    hint: hintFor(status, error, target),
    details: { status, ...(requestId !== undefined && { requestId }) },
  })
}

/** Nothing answered. */
export function unreachable(issuer: string, local: boolean, cause: unknown): CliError {
  const reason = cause instanceof Error ? messageOf(cause) : String(cause)
  return new CliError(
    local ? `No local environment answers at ${issuer} (${reason}).` : `${issuer} does not answer (${reason}).`,
    {
      code: 'unreachable',
      hint: local ? 'Start it with: authrim dev' : 'Check the network, then run the command again.',
    },
  )
}

function exitCodeOf(status: number, error: string | undefined): ExitStatus {
  if (error === undefined) return exitStatus.failed
  if (status === 401 || status === 403) return exitStatus.notAuthorised
  // The API refused what was typed, as the command's own checks would have.
  if (status === 400) return exitStatus.usage
  return exitStatus.failed
}

function hintFor(status: number, error: string | undefined, target: string): string | undefined {
  if (error === undefined) return 'Does this issuer belong to authrim? --verbose shows the requests.'
  if (status === 401)
    return [
      'The operator key is not one of this environment, or this clock is wrong.',
      'Where no operator is left, start over with a Cloudflare token: authrim operators recover',
    ].join('\n')
  if (error === 'already_exists' && /^\/admin\/v1\/(clients|users)$/.test(target))
    return 'With --if-missing this is not an error.'
  if (status === 429 || status === 503) return 'Nothing was changed. Run the command again in a minute.'
  return undefined
}

/** The API's descriptions follow OAuth: lower case, no full stop. */
function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`
}

function parseError(body: string): { error?: string; description?: string } {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    return {}
  }
  if (typeof value !== 'object' || value === null || !('error' in value) || typeof value.error !== 'string') return {}
  const description = 'error_description' in value ? value.error_description : undefined
  return { error: value.error, description: typeof description === 'string' ? description : value.error }
}

function messageOf(error: Error): string {
  if (error.name === 'TimeoutError') return 'no answer in time'
  const { cause } = error
  if (cause instanceof Error) {
    return cause.message || ('code' in cause && typeof cause.code === 'string' ? cause.code : error.message)
  }
  return error.message
}
