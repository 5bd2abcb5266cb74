import { unavailable } from '../../protocol/error.ts'

/** What the database answers; one that does not answer has changed nothing, and the caller may come again. */
export async function answered<T>(query: Promise<T>): Promise<T> {
  try {
    return await query
  } catch (error) {
    throw unavailable(error)
  }
}

/** Whether a statement failed because a row with that key exists. */
export function isConflict(error: unknown): boolean {
  return error instanceof Error && error.message.includes('UNIQUE constraint failed')
}

/** A pattern that finds the text anywhere, whatever it contains; to be used with `ESCAPE '\\'`. */
export function containing(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, (character) => `\\${character}`)}%`
}
