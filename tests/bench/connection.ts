import { createConnection, type Socket } from 'node:net'

export interface Answer {
  readonly status: number
  /** Status line and headers as they came. */
  readonly head: string
  readonly body: string
}

export interface Message {
  readonly method?: 'GET' | 'POST'
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly form?: Readonly<Record<string, string>>
}

interface Waiting {
  readonly bytes: Buffer
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
  /** It was sent a second time, on a new connection. */
  repeated: boolean
}

/**
 * One HTTP/1.1 connection that stays open, one request at a time. Node's own client spends more CPU on a request than
 * the Worker on its answer: the Worker would wait for the driver, and its waking up for every request be measured.
 */
export class Connection {
  readonly #host: string
  readonly #address: { readonly host: string; readonly port: number }
  #socket: Socket | undefined
  #received: Buffer = Buffer.alloc(0)
  #waiting: Waiting | undefined

  constructor(base: string) {
    const { hostname, port, host } = new URL(base)
    this.#host = host
    this.#address = { host: hostname, port: Number(port) }
  }

  /** A message as it goes over the wire, for sending many times. */
  encode({ method = 'GET', path, headers = {}, form }: Message): Buffer {
    const body = form ? new URLSearchParams(form).toString() : ''
    const all = {
      host: this.#host,
      // Cloudflare's edge names every request; without it a Worker would make a name of its own.
      'cf-ray': '9a8b7c6d5e4f3a2b-FRA',
      'cf-connecting-ip': '198.51.100.7',
      ...headers,
      ...(form && {
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': String(Buffer.byteLength(body)),
      }),
    }
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
    return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`)
  }

  send(message: Message | Buffer): Promise<Answer> {
    const bytes = 'path' in message ? this.encode(message) : message
    return new Promise((resolve, reject) => {
      this.#waiting = { bytes, resolve, reject, repeated: false }
      this.#write(bytes)
    })
  }

  #write(bytes: Buffer): void {
    this.#socket ??= this.#open()
    this.#socket.write(bytes)
  }

  #open(): Socket {
    const socket = createConnection({ ...this.#address, noDelay: true })
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    // 'close' follows, and says what is to be done.
    socket.on('error', () => undefined)
    socket.on('close', () => this.#closed())
    return socket
  }

  /** workerd closes what was idle for five seconds; a request that crosses that is sent again. */
  #closed(): void {
    this.#socket = undefined
    this.#received = Buffer.alloc(0)
    const waiting = this.#waiting
    if (!waiting) return
    if (!waiting.repeated) {
      waiting.repeated = true
      this.#write(waiting.bytes)
      return
    }
    this.#waiting = undefined
    waiting.reject(new Error('the server closed the connection'))
  }

  #receive(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    const headEnd = this.#received.indexOf('\r\n\r\n')
    if (headEnd < 0) return
    const head = this.#received.toString('latin1', 0, headEnd)
    const body = bodyOf(head, this.#received.subarray(headEnd + 4))
    if (body === undefined) return
    this.#received = Buffer.alloc(0)
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.resolve({ status: Number(head.slice(9, 12)), head, body })
  }
}

/** The value of a header, or undefined. */
export function header(answer: Answer, name: string): string | undefined {
  return new RegExp(`^${name}: *(.*?)\\r?$`, 'im').exec(answer.head)?.[1]
}

/** The body, or undefined while some of it is missing. */
function bodyOf(head: string, rest: Buffer): string | undefined {
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  if (length !== undefined) return rest.length >= Number(length) ? rest.toString('utf8', 0, Number(length)) : undefined
  if (!/\r\ntransfer-encoding: *chunked/i.test(head)) return ''
  if (!rest.subarray(-lastChunk.length).equals(lastChunk)) return undefined
  const chunks: string[] = []
  for (let at = 0; ;) {
    const lineEnd = rest.indexOf('\r\n', at)
    const size = Number.parseInt(rest.toString('latin1', at, lineEnd), 16)
    if (size === 0) return chunks.join('')
    chunks.push(rest.toString('utf8', lineEnd + 2, lineEnd + 2 + size))
    at = lineEnd + 2 + size + 2
  }
}

const lastChunk = Buffer.from('0\r\n\r\n')
