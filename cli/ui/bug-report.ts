import { CliError } from '../error.ts'
import { packageVersion } from '../version.ts'

/** A failure that authrim did not foresee: the only one that shows a stack. */
export function bugReport(error: unknown): CliError {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return new CliError(`authrim failed unexpectedly.\n${stack}`, {
    code: 'bug',
    hint: `This is a bug in authrim ${packageVersion()} (Node ${process.versions.node}). Please report it with the lines above.`,
  })
}
