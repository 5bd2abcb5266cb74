import { setTimeout as sleep } from 'node:timers/promises'
import type { AccountApi } from '../cloudflare/account-api.ts'
import { closeTail, openTail, type Tail } from '../cloudflare/tails.ts'
import { CliError, exitStatus } from '../error.ts'

/** Cloudflare's protocol on a tail's WebSocket. */
const PROTOCOL = 'trace-v1'
const LONGEST_WAIT = 30_000
/** A connection that held so long was a good one: the next failure starts to wait anew. Milliseconds. */
const STEADY = 60_000

export interface TailOptions {
  readonly account: AccountApi
  readonly script: string
  readonly sample: number
  readonly signal: AbortSignal
  readonly onMessage: (text: string) => void
  /** Something to tell the person, such as a connection that broke. */
  readonly onNote: (text: string) => void
  readonly onOpen: () => void
}

/** Follows a script until the signal; a connection that breaks is made anew, with a session of its own. */
export async function followTail(options: TailOptions): Promise<void> {
  const { account, script, sample, signal, onNote } = options
  let wait = 1000
  for (let first = true; !signal.aborted; first = false) {
    const started = performance.now()
    let tail: Tail | undefined
    try {
      tail = await openTail(account, script, sample)
      const reason = await readUntilClosed(tail, options)
      if (!signal.aborted) onNote(`${script}: the connection ended (${reason}); connecting again.`)
    } catch (error) {
      // What the first attempt cannot do, such as reading without permission, will not get better.
      if (first || !(error instanceof CliError) || error.exitCode === exitStatus.notAuthorised) throw error
      onNote(`${error.message} Trying again.`)
    } finally {
      if (tail) await closeTail(account, script, tail.id).catch(() => undefined)
    }
    if (performance.now() - started > STEADY) wait = 1000
    await sleep(wait, undefined, { signal }).catch(() => undefined)
    wait = Math.min(wait * 2, LONGEST_WAIT)
  }
}

/** Reads messages until the WebSocket ends; answers why it did. */
function readUntilClosed({ url }: Tail, { signal, onMessage, onOpen }: TailOptions): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, PROTOCOL)
    const stop = () => socket.close()
    signal.addEventListener('abort', stop, { once: true })
    const end = (reason: string) => {
      signal.removeEventListener('abort', stop)
      resolve(reason)
    }
    socket.binaryType = 'arraybuffer'
    socket.addEventListener('open', onOpen)
    socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (typeof data === 'string') onMessage(data)
      else if (data instanceof ArrayBuffer) onMessage(new TextDecoder().decode(data))
    })
    socket.addEventListener('error', () => end('it broke'))
    socket.addEventListener('close', ({ code }) => end(`code ${code}`))
    if (signal.aborted) stop()
  })
}
