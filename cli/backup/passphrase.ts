import type { Context } from '../context.ts'
import { usageError } from '../error.ts'
import { readSecret } from '../secret-file.ts'

const OPTION = '--passphrase-file'
const SHORTEST = 12

/** The passphrase for a new backup, from a file, standard input, or typed twice. */
export async function newPassphrase({ prompt }: Context, file: string | undefined): Promise<string> {
  const passphrase =
    file === undefined
      ? await prompt.newPassword('Passphrase for the backup', `${OPTION} <file>|-`)
      : await readSecret(file, OPTION)
  if (passphrase.length < SHORTEST) throw usageError(`The passphrase is shorter than ${SHORTEST} characters.`)
  return passphrase
}

/** The passphrase of a backup that exists. */
export async function knownPassphrase({ prompt }: Context, file: string | undefined): Promise<string> {
  if (file !== undefined) return readSecret(file, OPTION)
  return prompt.password('Passphrase of the backup', `${OPTION} <file>|-`)
}
