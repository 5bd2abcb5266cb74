import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

const tick = 1000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

/** The fields of a process after its name, which may hold spaces. */
function stat(pid: number): { name: string; fields: string[] } | undefined {
  try {
    const [, name = '', rest = ''] = /\((.*)\) (.*)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
    return { name, fields: rest.split(' ') }
  } catch {
    return undefined
  }
}

/** User and system time that a process has used, all its threads. Milliseconds. */
export function cpuMilliseconds(pid: number): number {
  const fields = stat(pid)?.fields
  if (!fields) throw new Error(`process ${pid} is gone`)
  return (Number(fields[11]) + Number(fields[12])) * tick
}

/** The workerd processes that this process started. */
export function workerdProcesses(): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      const found = stat(pid)
      return found?.name === 'workerd' && Number(found.fields[1]) === process.pid
    })
}

/** Runs `start` and tells which workerd it started. */
export async function withProcess<T>(start: () => Promise<T>): Promise<{ started: T; pid: number }> {
  const before = workerdProcesses()
  const started = await start()
  const pid = workerdProcesses().find((each) => !before.includes(each))
  if (pid === undefined) throw new Error('no workerd was started')
  return { started, pid }
}
