import { randomBytes } from 'node:crypto'
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Store } from '../state/store.ts'
import type { CpuClock } from './cpu-clock.ts'
import { type Destination, destination } from './destination.ts'
import { targetHeader } from './helper-workers.ts'
import type { Invocations } from './invocations.ts'
import { workerName } from './loaded-worker.ts'
import type { Runtime } from './runtime.ts'

export interface FrontInit {
  readonly store: Store
  readonly runtime: Runtime
  readonly invocations: Invocations
  readonly cpu: CpuClock
  readonly onError?: (error: unknown) => void
}

/** The edge's listener: chooses Worker and version for each request, and holds requests while workerd restarts. */
export class Front {
  readonly server: Server
  readonly #init: FrontInit
  readonly #agent = new Agent({ keepAlive: true })
  #active = 0
  /** Counts starts, to see whether a request ran alone. */
  #started = 0

  constructor(init: FrontInit) {
    this.#init = init
    this.server = this.twin()
  }

  /** Another listener that does the same, since a server listens on one address. */
  twin(): Server {
    const server = createServer((incoming, response) => {
      this.#forward(incoming, response).catch((error: unknown) => {
        this.#init.onError?.(error)
        turnAway(response, 500, 'The runtime did not answer.')
      })
    })
    server.on('upgrade', (incoming, socket, head) => {
      this.#tunnel(incoming, socket, head).catch(() => socket.destroy())
    })
    return server
  }

  /** Ends the idle connections to workerd, which a restart would break one by one. */
  disconnect(): void {
    this.#agent.destroy()
  }

  #destination(incoming: IncomingMessage): Destination {
    return destination(this.#init.store, {
      hostname: (incoming.headers.host ?? '').replace(/:\d+$/, '').toLowerCase(),
      target: incoming.url ?? '/',
      protocol: incoming.headers['x-forwarded-proto'] === 'https' ? 'https:' : 'http:',
      header: (name) => incoming.headers[name]?.toString(),
    })
  }

  async #forward(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { runtime, invocations, cpu } = this.#init
    await runtime.use(async () => {
      const found = this.#destination(incoming)
      if ('status' in found) return turnAway(response, found.status, found.message)
      const worker = workerName(found.script, found.version)
      const ray = randomBytes(8).toString('hex')
      const [begin, cpuBegin, order] = [performance.now(), cpu.now(), ++this.#started]
      const alone = this.#active === 0
      this.#active += 1
      await exchange(incoming, response, {
        host: '127.0.0.1',
        port: runtime.dispatcherPort,
        agent: this.#agent,
        method: incoming.method,
        path: incoming.url,
        headers: forwardedHeaders(incoming, worker, ray),
      }).finally(() => {
        this.#active -= 1
        const cpuEnd = alone && order === this.#started ? cpu.now() : undefined
        invocations.keepTiming(ray, {
          worker,
          wallTime: Math.round((performance.now() - begin) * 1000),
          ...(cpuBegin !== undefined && cpuEnd !== undefined && { cpuTime: Math.round(cpuEnd - cpuBegin) }),
        })
      })
    })
  }

  /** A WebSocket of a Worker: bytes pass as they are. */
  async #tunnel(incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { runtime } = this.#init
    await runtime.fresh()
    const found = this.#destination(incoming)
    if ('status' in found) return void socket.end(`HTTP/1.1 ${found.status} ${found.message}\r\n\r\n`)
    const upstream = connect(runtime.dispatcherPort, '127.0.0.1')
    const headers = forwardedHeaders(incoming, workerName(found.script, found.version), randomBytes(8).toString('hex'))
    const lines = headers.map((text, index) => (index % 2 ? `${text}\r\n` : `${text}: `)).join('')
    upstream.write(`${incoming.method} ${incoming.url} HTTP/1.1\r\n${lines}\r\n`)
    upstream.write(head)
    upstream.pipe(socket).pipe(upstream)
    upstream.on('error', () => socket.destroy())
    socket.on('error', () => upstream.destroy())
  }
}

/** Sends the request on and the answer back; resolves when the answer is complete or the caller has left. */
function exchange(incoming: IncomingMessage, response: ServerResponse, options: Parameters<typeof request>[1]) {
  return new Promise<void>((resolve, reject) => {
    const upstream = request(options, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage, answer.rawHeaders)
      answer.pipe(response)
      answer.on('error', () => response.destroy())
    })
    upstream.on('error', (error) => (response.headersSent ? response.destroy() : reject(error)))
    response.on('close', () => {
      if (!response.writableFinished) upstream.destroy()
      resolve()
    })
    incoming.pipe(upstream)
  })
}

function forwardedHeaders({ rawHeaders, headers }: IncomingMessage, worker: string, ray: string): string[] {
  const kept: string[] = []
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = [rawHeaders[index], rawHeaders[index + 1]]
    if (!['cf-ray', targetHeader].includes(name.toLowerCase())) kept.push(name, value)
  }
  if (headers['cf-connecting-ip'] === undefined) kept.push('cf-connecting-ip', '127.0.0.1')
  kept.push('cf-ray', ray, targetHeader, worker)
  return kept
}

function turnAway(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) return void response.destroy()
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${message}\n`)
}
