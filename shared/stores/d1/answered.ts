import { OAuthError, unavailable } from '../../protocol/error.ts'

/**
 * What the database answers; one that does not answer has changed nothing, and the caller may come again.
 * @param taken what a row that already has the key means.
 */
export async function answered<T>(query: Promise<T>, taken?: string): Promise<T> {
  try {
    return await query
  } catch (error) {
    if (taken !== undefined && isConflict(error)) throw new OAuthError('already_exists', taken)
    throw unavailable(error)
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof Error && error.message.includes('UNIQUE constraint failed')
}

/** A pattern that finds the text anywhere, whatever it contains; to be used with `ESCAPE '\'`. */
export function containing(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, (character) => `\\${character}`)}%`
}
