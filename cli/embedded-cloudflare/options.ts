import type { MiniflareOptions } from 'miniflare'
import { edgeName, edgeWorker, secondListener } from './edge.ts'
import { type SqlDoor, sqlDoorSocket } from './sql-door.ts'
import type { Binding, LocalWorker, Route } from './worker.ts'

type WorkerOptions = MiniflareOptions['workers'][number]
type BindingOptions = NonNullable<WorkerOptions['config']['env']>[string]

export interface Listener {
  readonly host: string
  readonly port: number
}

export interface Platform {
  readonly workers: readonly LocalWorker[]
  readonly routes: readonly Route[]
  /** Where the edge listens; one or two addresses. */
  readonly listeners: readonly Listener[]
  /** Folder of KV, D1 and Durable Object data. */
  readonly persistence: string
}

/** Our plain description as miniflare wants it, without what reports and logs. */
export function miniflareOptions({ workers, routes, listeners, persistence }: Platform, door: SqlDoor) {
  const compatibilityDate = workers[0]?.compatibilityDate ?? '2026-11-01'
  const [first, second] = listeners
  const sockets = [
    ...(first ? [{ host: first.host, port: first.port }] : []),
    ...(second ? [{ host: second.host, port: second.port, entrypoint: secondListener }] : []),
    sqlDoorSocket,
  ]
  const edge = edgeWorker({ routes, compatibilityDate, databases: databasesOf(workers), door })
  return {
    host: '127.0.0.1',
    port: 0,
    // Otherwise it asks a server of Cloudflare what Request.cf should be.
    cf: false,
    telemetry: { enabled: false },
    enableDevRegistry: false,
    resourcePersistencePath: persistence,
    workers: [{ ...workerOptions(edge), dev: { unsafeDirectSockets: sockets } }, ...workers.map(workerOptions)],
  } satisfies MiniflareOptions
}

function databasesOf(workers: readonly LocalWorker[]): string[] {
  const bindings = workers.flatMap((worker) => Object.values(worker.bindings))
  return [...new Set(bindings.flatMap((binding) => (binding.type === 'd1' ? [binding.id] : [])))]
}

function workerOptions(worker: LocalWorker): WorkerOptions {
  return {
    config: {
      name: worker.name,
      compatibilityDate: worker.compatibilityDate,
      compatibilityFlags: [...worker.compatibilityFlags],
      manifest: {
        mainModule: 'index.js',
        modulesRoot: '/',
        modules: { 'index.js': { type: 'esm', contents: worker.script } },
      },
      env: Object.fromEntries(
        Object.entries(worker.bindings).map(([name, binding]) => [name, bindingOptions(binding)]),
      ),
      exports: {
        ...Object.fromEntries(
          worker.objects.map((name) => [name, { type: 'durable-object', storage: 'sqlite' } as const]),
        ),
        ...Object.fromEntries(worker.entrypoints.map((name) => [name, { type: 'worker' } as const])),
      },
    },
    ...(worker.directPort !== undefined &&
      worker.name !== edgeName && {
        dev: { unsafeDirectSockets: [{ host: '127.0.0.1', port: worker.directPort }] },
      }),
  }
}

function bindingOptions(binding: Binding): BindingOptions {
  switch (binding.type) {
    case 'durable-object':
      return { type: 'durable-object', worker: binding.worker, exportName: binding.className }
    case 'worker':
      return {
        type: 'worker',
        worker: binding.worker,
        ...(binding.entrypoint !== undefined && { exportName: binding.entrypoint }),
        ...(binding.props !== undefined && { props: { ...binding.props } }),
      }
    case 'rate-limit':
      return {
        type: 'rate-limit',
        namespace: binding.namespace,
        simple: { limit: binding.limit, period: binding.period },
      }
    default:
      return { ...binding }
  }
}
