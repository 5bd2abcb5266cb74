import { ImportedUsersAnswer } from '../admin/answers.ts'
import type { AdminClient } from '../admin/client.ts'
import { CliError, exitStatus, usageError } from '../error.ts'

const BATCH = 100

interface ImportResult {
  readonly imported: number
  readonly skipped: readonly { readonly email?: string | null | undefined; readonly reason: string }[]
}

/** The people in NDJSON text; nothing is sent when one line is wrong. */
export function parsePeople(text: string): object[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return []
    let person: unknown
    try {
      person = JSON.parse(line)
    } catch {
      throw usageError(`Line ${index + 1} is not JSON.`)
    }
    if (typeof person !== 'object' || person === null || !('email' in person)) {
      throw usageError(`Line ${index + 1} has no e-mail.`)
    }
    return [person]
  })
}

/** Sends people in batches; what exists is skipped, so that an import that broke off is run again. */
export async function importUsers(
  api: AdminClient,
  people: readonly object[],
  onProgress: (done: number) => void,
): Promise<ImportResult> {
  let imported = 0
  const skipped: ImportResult['skipped'][number][] = []
  for (let start = 0; start < people.length; start += BATCH) {
    const batch = people.slice(start, start + BATCH)
    const answer = await api.post('/imports/users', { users: batch }, ImportedUsersAnswer).catch((error: unknown) => {
      if (start === 0 || !(error instanceof CliError)) throw error
      throw new CliError(`${error.message} ${start} of ${people.length} lines were done: ${imported} imported.`, {
        hint: 'Run it again: who exists is skipped.',
        exitCode: exitStatus.partial,
        code: 'partial',
      })
    })
    imported += answer.imported
    skipped.push(...answer.skipped.map(({ email, reason }) => ({ email, reason })))
    if (people.length > BATCH) onProgress(Math.min(start + BATCH, people.length))
  }
  return { imported, skipped }
}
