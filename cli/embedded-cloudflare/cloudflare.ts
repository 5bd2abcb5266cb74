import { mkdirSync } from 'node:fs'
import type { Miniflare } from 'miniflare'
import { Clockwork, runScheduled } from './clockwork.ts'
import { Database } from './database.ts'
import { edgeName } from './edge.ts'
import { type WorkerLog, workerLog } from './log.ts'
import { applyMigrations } from './migrations.ts'
import { miniflareOptions, type Platform } from './options.ts'
import { SqlDoor, sqlDoorEntrypoint } from './sql-door.ts'
import type { LocalWorker } from './worker.ts'

export interface CloudflareOptions extends Platform {
  /** .sql files to apply to a database at start. */
  readonly migrations?: { readonly databaseId: string; readonly folder: string }
  readonly onLog?: (log: WorkerLog) => void
  /** What the runtime itself has to say. */
  readonly onRuntimeMessage?: (message: string) => void
}

/** Real workerd on this machine, with KV, D1 and Durable Objects on disk and zone routes at its edge. */
export interface LocalCloudflare {
  /** Names of the migrations that this start applied. */
  readonly migrated: readonly string[]
  /** Serves other code. When it does not start, the former code goes on and the error is thrown. */
  reload(workers: readonly LocalWorker[]): Promise<void>
  /** Runs what a Worker does by a schedule, now. */
  runScheduled(worker: string, cron: string): Promise<void>
  /** The bindings of a Worker, reached from this process. */
  env(worker: string): Promise<Record<string, unknown>>
  /** A database that a Worker binds. */
  database(id: string): Database
  dispose(): Promise<void>
}

/** Starts it; resolves when every listener answers. */
export async function startCloudflare(options: CloudflareOptions): Promise<LocalCloudflare> {
  mkdirSync(options.persistence, { recursive: true, mode: 0o700 })
  const { Log, LogLevel, Miniflare } = await import('miniflare')

  class RuntimeLog extends Log {
    protected override log(message: string): void {
      options.onRuntimeMessage?.(message)
    }
  }
  const runtimeLog = new RuntimeLog(LogLevel.WARN)
  const door = new SqlDoor()
  const withReports = (platform: Platform) => ({
    ...miniflareOptions(platform, door),
    log: runtimeLog,
    handleStructuredLogs: (entry: { timestamp: number; level: string; message: string }) =>
      options.onLog?.(workerLog(entry)),
  })

  let current: Platform = options
  const miniflare: Miniflare = new Miniflare(withReports(current))
  try {
    await miniflare.ready
    const openDoor = async () => door.opened(await miniflare.unsafeGetDirectURL(edgeName, sqlDoorEntrypoint))
    await openDoor()
    const database = (id: string) => new Database((statements) => door.run(id, statements))
    const { migrations } = options
    const migrated = migrations ? await applyMigrations(database(migrations.databaseId), migrations.folder) : []
    const clockwork = new Clockwork({
      schedules: () =>
        current.workers.flatMap(({ name, schedules = [] }) => schedules.map((cron) => ({ worker: name, cron }))),
      run: (schedule, time) => runScheduled(miniflare, schedule, time),
      onError: (error) => options.onRuntimeMessage?.(error instanceof Error ? error.message : String(error)),
    })
    let turn: Promise<void> = Promise.resolve()
    return {
      migrated,
      reload(workers) {
        const next = turn.then(async () => {
          const former = current
          try {
            current = { ...current, workers }
            await miniflare.setOptions(withReports(current))
          } catch (error) {
            current = former
            await miniflare.setOptions(withReports(former))
            throw error
          } finally {
            await openDoor()
          }
        })
        turn = next.catch(() => undefined)
        return next
      },
      runScheduled: (worker, cron) => runScheduled(miniflare, { worker, cron }, new Date()),
      env: (worker) => miniflare.getBindings(worker),
      database,
      dispose() {
        clockwork.dispose()
        return miniflare.dispose()
      },
    }
  } catch (error) {
    await miniflare.dispose().catch(() => undefined)
    throw error
  }
}
