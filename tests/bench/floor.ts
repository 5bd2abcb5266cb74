import { readFileSync } from 'node:fs'
import { startCloudflare } from '../../cli/embedded-cloudflare/cloudflare.ts'
import { freePort } from '../../cli/embedded-cloudflare/listener.ts'
import { Connection, type Message } from './connection.ts'
import { withProcess } from './cpu.ts'
import type { Target } from './load.ts'

const operations = {
  hello: { path: '/hello' },
  json3k: { path: '/json3k' },
  'token-min': {
    method: 'POST',
    path: '/token-min',
    form: {
      grant_type: 'client_credentials',
      client_id: 'client',
      client_secret: 'a-client-secret-of-sensible-length',
      scope: 'api.read',
    },
  },
  'verify-read': { path: '/verify-read' },
  'refresh-min': { path: '/refresh-min' },
  'code-min': { path: '/code-min' },
  kv: { path: '/kv' },
  'kv-put': { path: '/kv-put' },
  d1: { path: '/d1' },
} as const satisfies Record<string, Message>

export type FloorName = keyof typeof operations

export interface Floor extends AsyncDisposable {
  readonly targets: readonly Target[]
}

/** The floor Worker, on the same platform and as directly reached as the Workers it is compared with. */
export async function startFloor(folder: string): Promise<Floor> {
  const directPort = await freePort()
  const { started, pid } = await withProcess(() =>
    startCloudflare({
      workers: [
        {
          name: 'floor',
          script: readFileSync(new URL(import.meta.resolve('./floor-worker.js')), 'utf8'),
          compatibilityDate: '2026-11-01',
          compatibilityFlags: ['nodejs_compat', 'global_fetch_strictly_public'],
          bindings: {
            KV: { type: 'kv', id: 'KV' },
            DB: { type: 'd1', id: 'DB' },
            CELL: { type: 'durable-object', worker: 'floor', className: 'Cell' },
          },
          objects: ['Cell'],
          entrypoints: [],
          directPort,
        },
      ],
      routes: [],
      listeners: [],
      persistence: folder,
    }),
  )
  const base = `http://127.0.0.1:${directPort}`
  const targets = Object.entries(operations).map(([name, message]) => ({
    name,
    pid,
    connect: (connections: number) => repeated(base, message, connections),
  }))
  return { targets, [Symbol.asyncDispose]: () => started.dispose() }
}

/** The same request on every connection, over and over. */
export function repeated(base: string, message: Message, connections: number) {
  return Promise.all(
    Array.from({ length: connections }, async () => {
      const connection = new Connection(base)
      const bytes = connection.encode(message)
      return async () => {
        const { status, body } = await connection.send(bytes)
        if (status !== 200) throw new Error(`${message.path} answered ${status}: ${body}`)
      }
    }),
  )
}
