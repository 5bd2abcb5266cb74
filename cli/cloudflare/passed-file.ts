import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A file for a child process to read: its path there, and the descriptor to hand over as number 3, if any. */
export interface PassedFile extends Disposable {
  readonly path: string
  readonly descriptor: number | undefined
}

/**
 * Contents that only a child process may read. The file loses its name before the child starts, so that nothing is
 * left even when this process is killed; Windows keeps the name until the end.
 */
export function passFile(contents: string): PassedFile {
  const folder = mkdtempSync(join(tmpdir(), 'authrim-secrets-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    const file = join(folder, 'secrets.json')
    writeFileSync(file, contents, { mode: 0o600, flag: 'wx' })
    if (process.platform === 'win32') return { path: file, descriptor: undefined, [Symbol.dispose]: remove }
    const descriptor = openSync(file, 'r')
    remove()
    return { path: '/dev/fd/3', descriptor, [Symbol.dispose]: () => closeSync(descriptor) }
  } catch (error) {
    remove()
    throw error
  }
}
