import { randomUUID } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { text } from 'node:stream/consumers'
import { usageError } from './error.ts'
import { fileFailure } from './file-failure.ts'

/**
 * Writes a file that only this user may read; a reader sees the old file or the new one, and no link is followed.
 * @throws CliError where room or rights are missing.
 */
export function writeSecretFile(path: string, contents: string | Uint8Array): void {
  const temporary = `${path}.${randomUUID()}`
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFileSync(temporary, contents, { mode: 0o600, flag: 'wx' })
    // The mode given at creation passes through the umask.
    chmodSync(temporary, 0o600)
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw fileFailure(error, path) ?? error
  }
}

/** The text of a file, or undefined when there is none. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** What `--from <file>|-` and the like name: a file, or standard input. */
export async function readInput(path: string, option: string): Promise<string> {
  if (path === '-') return text(process.stdin)
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw usageError(`${option} ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** A secret from a file or standard input, without the line's end. */
export async function readSecret(path: string, option: string): Promise<string> {
  const secret = (await readInput(path, option)).replace(/\r?\n$/, '')
  if (secret === '') throw usageError(`${option} ${path} is empty.`)
  return secret
}
