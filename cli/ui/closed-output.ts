import type { Writable } from 'node:stream'

/** A reader that has seen enough, as `head`, closes its end. That is no failure: a command that changes something goes on. */
export function tolerateClosedOutput(streams: readonly Writable[]): void {
  for (const stream of streams)
    stream.on('error', (error) => {
      if (!('code' in error) || error.code !== 'EPIPE') throw error
    })
}

/** Resolves when nobody reads any more: what would go on for ever ends. */
export function outputClosed(stream: Writable = process.stdout): Promise<void> {
  return new Promise((resolve) => {
    stream.once('error', () => resolve())
  })
}
