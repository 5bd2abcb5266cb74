import { readdirSync, readFileSync } from 'node:fs'

/**
 * CPU time of the workerd that listens on a port, in microseconds. workerd measures none itself, so it is read from
 * the kernel; undefined where there is no Linux.
 */
export class CpuClock {
  #pid: string | undefined

  /** Finds the process again, after workerd was started anew. */
  attach(port: number): void {
    this.#pid = undefined
    for (const pid of list('/proc')) {
      if (/^\d+$/.test(pid) && read(`/proc/${pid}/cmdline`)?.includes(`127.0.0.1:${port}`)) this.#pid = pid
    }
  }

  now(): number | undefined {
    const nanoseconds = this.#pid && read(`/proc/${this.#pid}/schedstat`)?.split(' ')[0]
    return nanoseconds ? Number(nanoseconds) / 1000 : undefined
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
