import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/**
 * CPU time of the workerd that listens on a port, in microseconds. workerd measures none itself, so it is read from
 * the kernel; undefined where there is no Linux.
 */
export class CpuClock {
  #pid: string | undefined

  /** Finds the process again, after workerd was started anew. */
  attach(port: number): void {
    const socket = attempt(() => listeningSocket(port))
    this.#pid = socket === undefined ? undefined : attempt(() => workerdWith(socket))
  }

  now(): number | undefined {
    const pid = this.#pid
    if (pid === undefined) return undefined
    const nanoseconds = attempt(() => readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0])
    return nanoseconds === undefined ? undefined : Number(nanoseconds) / 1000
  }
}

/** The link that a process has which listens on this port of 127.0.0.1. */
function listeningSocket(port: number): string | undefined {
  const address = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`
  for (const line of readFileSync('/proc/net/tcp', 'utf8').split('\n')) {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/)
    if (local === address && state === '0A') return `socket:[${inode}]`
  }
  return undefined
}

function workerdWith(socket: string): string | undefined {
  return readdirSync('/proc').find((pid) => {
    if (!/^\d+$/.test(pid) || attempt(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trim()) !== 'workerd')
      return false
    const descriptors = attempt(() => readdirSync(`/proc/${pid}/fd`)) ?? []
    return descriptors.some((descriptor) => attempt(() => readlinkSync(`/proc/${pid}/fd/${descriptor}`)) === socket)
  })
}

/** Undefined where the kernel has no such file, or the process has ended. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
