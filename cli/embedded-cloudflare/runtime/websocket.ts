import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const [CLOSE, PING, PONG] = [8, 9, 10]

/**
 * The server's end of a WebSocket, by hand: wrangler sends its first frame unmasked, which a library refuses with
 * 1002. Text goes out; what comes in is read past, except for pings and the close.
 */
export class WebSocketSender {
  readonly #socket: Duplex
  #received = Buffer.alloc(0)

  constructor(incoming: IncomingMessage, socket: Duplex, protocol: string, onClose: () => void) {
    this.#socket = socket
    const key = incoming.headers['sec-websocket-key'] ?? ''
    const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64')
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`,
    )
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('error', () => socket.destroy())
    socket.on('close', onClose)
  }

  send(text: string): void {
    if (this.#socket.writable) this.#socket.write(frame(1, Buffer.from(text)))
  }

  close(): void {
    if (this.#socket.writable) this.#socket.end(frame(CLOSE, Buffer.from([0x03, 0xe8])))
  }

  /** Ends it without a close frame, as a network does. */
  drop(): void {
    this.#socket.destroy()
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk])
    for (;;) {
      const read = readFrame(this.#received)
      if (!read) return
      this.#received = this.#received.subarray(read.length)
      if (read.opcode === PING) this.#socket.write(frame(PONG, read.payload))
      if (read.opcode === CLOSE) this.close()
    }
  }
}

function frame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload
  const head = [0x80 | opcode]
  if (length < 126) head.push(length)
  else if (length < 65_536) head.push(126, length >> 8, length & 0xff)
  else head.push(127, 0, 0, 0, 0, (length >>> 24) & 0xff, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff)
  return Buffer.concat([Buffer.from(head), payload])
}

function readFrame(data: Buffer): { opcode: number; payload: Buffer; length: number } | undefined {
  if (data.length < 2) return undefined
  let offset = 2
  let size = data.readUInt8(1) & 0x7f
  if (size === 126) {
    if (data.length < 4) return undefined
    size = data.readUInt16BE(2)
    offset = 4
  } else if (size === 127) {
    if (data.length < 10) return undefined
    size = Number(data.readBigUInt64BE(2))
    offset = 10
  }
  const masked = data.readUInt8(1) >= 0x80
  const mask = masked ? data.subarray(offset, offset + 4) : undefined
  if (masked) offset += 4
  if (data.length < offset + size) return undefined
  const payload = Buffer.from(data.subarray(offset, offset + size))
  if (mask) for (const [index, byte] of payload.entries()) payload[index] = byte ^ (mask[index % 4] ?? 0)
  return { opcode: data.readUInt8(0) & 0x0f, payload, length: offset + size }
}
