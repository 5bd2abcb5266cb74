import { BundleError } from './bundle/bundle-error.ts'
import { CliError } from './error.ts'

/** A bundle that cannot be made or trusted, as the operator is told. */
export function bundleFailure(error: unknown): never {
  if (error instanceof BundleError) throw new CliError(error.message, { hint: `Try: ${error.hint}`, code: 'bundle' })
  throw error
}
