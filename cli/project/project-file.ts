import { randomUUID } from 'node:crypto'
import { mkdirSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { CliError } from '../error.ts'
import { fileFailure } from '../file-failure.ts'
import { readIfThere } from '../secret-file.ts'

/**
 * Writes a file of the project; a reader sees the old text or the new one. A link in the file's place is replaced and
 * not followed, and no folder on the way may lead out of the project.
 */
export function writeProjectFile(root: string, path: string, text: string): void {
  const file = join(root, path)
  const temporary = `${file}.${randomUUID()}`
  try {
    mkdirSync(dirname(file), { recursive: true })
    const folder = realpathSync(dirname(file))
    const home = realpathSync(root)
    if (folder !== home && !folder.startsWith(home + sep)) {
      throw new CliError(`${dirname(path)} leads out of the project, to ${folder}.`, {
        hint: 'Remove that link, then run the command again.',
      })
    }
    writeFileSync(temporary, text, { flag: 'wx' })
    renameSync(temporary, file)
  } catch (error) {
    rmSync(temporary, { force: true })
    if (error instanceof CliError || !(error instanceof Error)) throw error
    const failure = fileFailure(error, path)
    if (failure) throw failure
    throw new CliError(`${path} cannot be written: ${error.message}`, {
      code: 'not_writable',
      hint: 'What stood there is unchanged. Make room or rights, then run the command again.',
    })
  }
}

/** The text of a file of the project; undefined when there is none. */
export function readProjectFile(root: string, path: string): string | undefined {
  return readIfThere(join(root, path))
}
