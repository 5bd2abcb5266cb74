import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Script } from '../state/script.ts'
import { newUuid } from '../state/identifier.ts'
import { passes, type TailFilter } from './tail-filter.ts'
import type { Trace } from './trace.ts'
import { WebSocketSender } from './websocket.ts'

/** A tail session: made by the API, then read through a WebSocket. */
export interface Tail {
  readonly id: string
  readonly scriptTag: string
  readonly filters: readonly TailFilter[]
  readonly expiresAt: Date
  socket?: WebSocketSender
}

const PROTOCOL = 'trace-v1'
const LIFETIME = 6 * 60 * 60 * 1000
/** Cloudflare lets this many clients tail one Worker. */
const MOST = 10

/** The open tail sessions. */
export class Tails {
  readonly #tails = new Map<string, Tail>()

  /** Opens a session; undefined when the Worker has as many as it may. */
  open(script: Script, filters: readonly TailFilter[]): Tail | undefined {
    if (this.of(script).length >= MOST) return undefined
    const expiresAt = new Date(Date.now() + LIFETIME)
    const tail: Tail = { id: newUuid(), scriptTag: script.tag, filters, expiresAt }
    this.#tails.set(tail.id, tail)
    return tail
  }

  of(script: Script): Tail[] {
    return [...this.#tails.values()].filter(({ scriptTag, expiresAt }) => {
      return scriptTag === script.tag && expiresAt.getTime() > Date.now()
    })
  }

  close(id: string): void {
    this.#tails.get(id)?.socket?.close()
    this.#tails.delete(id)
  }

  /** Attaches the WebSocket of a client to the session that its path names. */
  connect(incoming: IncomingMessage, socket: Duplex): void {
    const tail = this.#tails.get(/^\/tail\/([^/?]+)/.exec(incoming.url ?? '')?.[1] ?? '')
    const protocols = (incoming.headers['sec-websocket-protocol'] ?? '').split(/\s*,\s*/)
    if (!tail || !protocols.includes(PROTOCOL)) return void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')
    tail.socket = new WebSocketSender(incoming, socket, PROTOCOL, () => this.#tails.delete(tail.id))
  }

  /** Sends a trace to whoever tails its Worker. */
  publish(script: Script, versionId: string, trace: Trace): void {
    for (const tail of this.of(script)) {
      if (!tail.socket || !passes(tail.filters, trace, versionId)) continue
      const named = { ...trace, scriptName: script.name, scriptVersion: { id: versionId } }
      tail.socket.send(JSON.stringify(named))
    }
  }

  /** Breaks every connection, as a network does; clients open new sessions. */
  dropConnections(): void {
    for (const { socket } of this.#tails.values()) socket?.drop()
  }

  dispose(): void {
    for (const id of this.#tails.keys()) this.close(id)
  }
}
