import { rmSync, writeFileSync } from 'node:fs'
import { CliError } from '../error.ts'
import { readIfThere } from '../secret-file.ts'

/** Keeps two processes from one environment's data. The lock of a process that died is taken over. */
export function lockFolder(file: string, name: string): () => void {
  try {
    writeFileSync(file, `${process.pid}\n`, { flag: 'wx' })
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'EEXIST') throw error
    const holder = Number(readIfThere(file))
    if (holder !== process.pid && isAlive(holder)) {
      throw new CliError(`The environment ${name} already runs in this folder: process ${holder}.`, {
        code: 'already_running',
        hint: `Stop it with: kill ${holder}`,
      })
    }
    rmSync(file, { force: true })
    writeFileSync(file, `${process.pid}\n`, { flag: 'wx' })
  }
  return () => rmSync(file, { force: true })
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
  // After a restart of the machine the number may be another program's.
  const command = readCommand(pid)
  return command === undefined || command.includes('node')
}

function readCommand(pid: number): string | undefined {
  try {
    return readIfThere(`/proc/${pid}/cmdline`)
  } catch {
    return undefined
  }
}
