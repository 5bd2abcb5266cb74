import { APIConnectionError, APIConnectionTimeoutError, APIError, APIUserAbortError } from 'cloudflare/core/error'
import { isValiError } from 'valibot'
import { CliError, exitStatus } from '../error.ts'
import { permissionFor, tokenPage } from './permissions.ts'

/** A code by which Cloudflare refuses a token. */
export function isForbidden(code: number): boolean {
  return [9109, 10000, 10001].includes(code)
}

/** What Cloudflare refused, as the operator is told. `path` is that of the request, below the API's base. */
export function cloudflareFailure(what: string, error: unknown, path = ''): CliError {
  if (error instanceof CliError) return error
  if (error instanceof APIUserAbortError) return new CliError(`${what}: stopped.`, { exitCode: exitStatus.cancelled })
  if (error instanceof APIConnectionTimeoutError) {
    return unanswered(`${what}: Cloudflare did not answer in time.`)
  }
  if (error instanceof APIConnectionError)
    return unanswered(`${what}: Cloudflare cannot be reached (${reasonOf(error)}).`)
  if (error instanceof APIError) return refused(what, error, path)
  if (error instanceof SyntaxError || isValiError(error)) {
    return new CliError(`${what}: Cloudflare answered something else than expected (${error.message}).`, {
      code: 'unexpected_answer',
      hint: 'A proxy may be in between. Run the command again.',
    })
  }
  throw error
}

function refused(what: string, error: APIError, path: string): CliError {
  const status = error.status ?? 0
  const [first] = error.errors
  const code = first?.code
  const shown = first ? `${first.message} [code: ${first.code}]` : `HTTP ${status}`
  const details = { status, ...(code !== undefined && { cloudflareCode: code }) }
  if (status === 401) {
    return new CliError(`${what}: Cloudflare does not accept the token: ${shown}.`, {
      code: 'not_authorised',
      exitCode: exitStatus.notAuthorised,
      hint: `Make a new one at ${tokenPage}, set CLOUDFLARE_API_TOKEN, and run the command again.`,
      details,
    })
  }
  if (status === 403 || (code !== undefined && isForbidden(code))) {
    const permission = permissionFor(path)
    return new CliError(`${what}: Cloudflare refused it: ${shown}.`, {
      code: 'not_authorised',
      exitCode: exitStatus.notAuthorised,
      hint: permission
        ? `The token lacks the permission ${permission}. Add it at ${tokenPage}, and run the command again.`
        : `The token may lack a permission; see ${tokenPage}.`,
      details: { ...details, ...(permission && { permission }) },
    })
  }
  if (status === 429) {
    return new CliError(`${what}: Cloudflare asks to slow down: ${shown}.`, {
      code: 'rate_limited',
      hint: 'Run the command again in five minutes.',
      details,
    })
  }
  return new CliError(`${what}: Cloudflare answered ${shown}.`, {
    code: 'cloudflare',
    hint: status >= 500 ? 'Cloudflare has a problem of its own: https://www.cloudflarestatus.com' : undefined,
    details,
  })
}

/** The error is Cloudflare's answer with one of these codes. */
export function hasCode(error: unknown, ...codes: readonly number[]): boolean {
  return error instanceof APIError && error.errors.some(({ code }) => code !== undefined && codes.includes(code))
}

/** The error is Cloudflare's answer with this HTTP status. */
export function hasStatus(error: unknown, status: number): boolean {
  return error instanceof APIError && error.status === status
}

function unanswered(message: string): CliError {
  return new CliError(message, { code: 'unreachable', hint: 'Check the network, then run the command again.' })
}

function reasonOf(error: Error): string {
  let cause: unknown = error
  while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause
  if (!(cause instanceof Error)) return error.message
  return cause.message || ('code' in cause && typeof cause.code === 'string' ? cause.code : error.message)
}
