import type { Miniflare, MiniflareOptions } from 'miniflare'
import { freePort } from '../listener.ts'
import type { WorkerLog } from '../log.ts'
import { workerLog } from '../log.ts'
import { SqlDoor, sqlDoorEntrypoint, type SqlAnswer, type SqlStatement } from '../sql-door.ts'
import type { Store } from '../state/store.ts'
import { Gate } from './gate.ts'
import { dispatcherName, missingName } from './helper-workers.ts'
import { covers, type Inventory, inventoryOf } from './inventory.ts'
import { loadedWorkers } from './loaded-worker.ts'
import { namespaceBinding, type RuntimeParts, runtimeOptions } from './runtime-options.ts'
import type { ChoiceRequest } from './version-choice.ts'

export interface RuntimeInit {
  readonly store: Store
  /** Folder of KV, D1 and Durable Object data. */
  readonly persistence: string
  /** Answers a splitter: the name of the version to take. */
  readonly choose: (request: ChoiceRequest) => string
  /** Takes a batch of traces, as JSON. */
  readonly takeTraces: (batch: unknown) => void
  readonly onLog?: (log: WorkerLog) => void
  readonly onRuntimeMessage?: (message: string) => void
  /** After each start of workerd. */
  readonly onStart?: (dispatcherPort: number) => void
}

/** workerd with every deployed version; it restarts, at its next use, when something was deployed that it lacks. */
export class Runtime {
  readonly #init: RuntimeInit
  readonly #gate: Gate
  readonly #door = new SqlDoor()
  /** What the running workerd was started with. */
  #loaded: Inventory | undefined
  #wanted: { readonly revision: number; readonly inventory: Inventory } | undefined
  #miniflare: Miniflare | undefined
  #options: MiniflareOptions | undefined
  #dispatcherPort = 0

  constructor(init: RuntimeInit) {
    this.#init = init
    this.#gate = new Gate(
      () => !this.#loaded || !covers(this.#loaded, this.#inventory()),
      () => this.#reload(),
    )
  }

  /** Where the dispatcher listens; the same for the life of the runtime. */
  get dispatcherPort(): number {
    return this.#dispatcherPort
  }

  /** Runs work while workerd is up with what is deployed now. */
  use<T>(work: (miniflare: Miniflare) => Promise<T>): Promise<T> {
    return this.#gate.use(() => {
      if (!this.#miniflare) throw new Error('the runtime was disposed')
      return work(this.#miniflare)
    })
  }

  /** Runs statements in a database, as one transaction. @throws Error in D1's words. */
  sql(databaseId: string, statements: readonly SqlStatement[]): Promise<SqlAnswer[]> {
    return this.use(() => this.#door.run(databaseId, statements))
  }

  /** Works on a KV namespace. */
  kv<T>(id: string, work: (kv: Awaited<ReturnType<Miniflare['getKVNamespace']>>) => Promise<T>): Promise<T> {
    return this.use(async (miniflare) => work(await miniflare.getKVNamespace(namespaceBinding(id), dispatcherName)))
  }

  /** Starts workerd, or restarts it with what was deployed since. */
  fresh(): Promise<void> {
    return this.#gate.fresh()
  }

  async dispose(): Promise<void> {
    await this.#miniflare?.dispose()
    this.#miniflare = undefined
  }

  /** What of the state the runtime depends on. */
  #inventory(): Inventory {
    const { accounts, revision } = this.#init.store
    if (this.#wanted?.revision !== revision) this.#wanted = { revision, inventory: inventoryOf(accounts) }
    return this.#wanted.inventory
  }

  async #reload(): Promise<void> {
    const { store, persistence, choose, takeTraces, onLog, onRuntimeMessage } = this.#init
    const wanted = this.#inventory()
    const { Log, LogLevel, Miniflare, Response } = await import('miniflare')
    class RuntimeLog extends Log {
      protected override log(message: string): void {
        onRuntimeMessage?.(message)
      }
    }
    this.#dispatcherPort ||= await freePort()
    const parts: RuntimeParts = {
      accounts: store.accounts,
      ...loadedWorkers(store.accounts, missingName),
      persistence,
      dispatcherPort: this.#dispatcherPort,
      doorSecret: this.#door.secret,
      readModule: (sha256) => store.readModule(sha256),
      choose: (request) => new Response(choose(request)),
      takeTraces: async (request) => {
        takeTraces(await request.json())
        return new Response()
      },
    }
    const options = {
      ...runtimeOptions(parts),
      log: new RuntimeLog(LogLevel.WARN),
      handleStructuredLogs: (entry: { timestamp: number; level: string; message: string }) => onLog?.(workerLog(entry)),
    }
    // Also when it fails: what cannot start is not tried again until something else is deployed.
    this.#loaded = wanted
    if (this.#miniflare) {
      try {
        await this.#miniflare.setOptions(options)
        this.#options = options
      } catch (error) {
        // One Worker that does not start would take all others down.
        onRuntimeMessage?.(`workerd did not start: ${error instanceof Error ? error.message : String(error)}`)
        if (this.#options) await this.#miniflare.setOptions(this.#options)
      }
    } else {
      this.#miniflare = new Miniflare(options)
      this.#options = options
      await this.#miniflare.ready
    }
    this.#door.opened(await this.#miniflare.unsafeGetDirectURL(dispatcherName, sqlDoorEntrypoint))
    this.#init.onStart?.(this.#dispatcherPort)
  }
}
