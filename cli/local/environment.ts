import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Environment, scriptName } from '../../shared/config.ts'
import { type WorkerName, workerNames, workerTopology } from '../../shared/topology.ts'
import { AdminClient } from '../admin/client.ts'
import { ensureOperatorKey, type OperatorKey } from '../admin/operator-key.ts'
import { authrimPackage } from '../bundle/package-root.ts'
import { startCloudflare } from '../embedded-cloudflare/cloudflare.ts'
import type { Database } from '../embedded-cloudflare/database.ts'
import { freePort } from '../embedded-cloudflare/listener.ts'
import type { WorkerLog } from '../embedded-cloudflare/log.ts'
import type { LocalWorker } from '../embedded-cloudflare/worker.ts'
import { defaultLocalEnvironment, issuerFile } from '../environment.ts'
import { readIfThere, writeSecretFile } from '../secret-file.ts'
import { loadScripts } from './scripts.ts'
import { localDatabase, localRoutes, localWorkers, type Scripts } from './workers.ts'

export interface LocalEnvironmentOptions {
  /** Where its data and keys stay. Without one, a temporary folder that `dispose` removes. */
  readonly folder?: string
  /** Without one, `local` with its defaults at a free port. Its issuer's port is where it listens. */
  readonly environment?: Environment
  /** Addresses to listen on; 127.0.0.1 by default. */
  readonly hosts?: readonly string[]
  readonly scripts?: Scripts
  /** Variables that replace those of the environment, such as `{ REGISTRATION: 'open' }`. */
  readonly variables?: Readonly<Record<string, string>>
  /** A port for each Worker, past the edge, for measurements. */
  readonly direct?: boolean
  /** No rate limiting bindings, since all requests of a test come from one address. */
  readonly unlimited?: boolean
  /** Changes the Workers before they start: other bindings, doubles, more Workers. */
  readonly transform?: (workers: LocalWorker[]) => LocalWorker[]
  readonly onLog?: (log: WorkerLog) => void
  readonly onRuntimeMessage?: (message: string) => void
}

export interface LocalEnvironment extends AsyncDisposable {
  readonly environment: Environment
  readonly issuer: string
  readonly folder: string
  readonly operatorKey: OperatorKey
  readonly admin: AdminClient
  readonly migrated: readonly string[]
  /** Address of each Worker past the edge; empty without `direct`. */
  readonly direct: ReadonlyMap<WorkerName, string>
  /** Runs what a Worker does by its schedule, now. */
  runScheduled(worker: WorkerName): Promise<void>
  /** The bindings of a Worker, reached from this process. */
  env(worker: WorkerName): Promise<Record<string, unknown>>
  readonly database: Database
  /** Serves other code, in less than a second; the former goes on when it does not start. */
  reload(scripts: Scripts): Promise<void>
  dispose(): Promise<void>
}

/** Runs every Worker of authrim on real workerd, on one origin, with data on disk. */
export async function startLocalEnvironment(options: LocalEnvironmentOptions = {}): Promise<LocalEnvironment> {
  const environment = options.environment ?? defaultLocalEnvironment(`http://localhost:${await freePort()}`)
  const { issuer, name } = environment
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'authrim-'))
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const directPorts = options.direct ? await portPerWorker() : new Map<WorkerName, number>()
  const [scripts, operatorKey] = await Promise.all([
    options.scripts ?? loadScripts(),
    ensureOperatorKey(folder),
    // Its import takes as long as bundling.
    import('miniflare'),
  ])
  const settings = {
    environment,
    secret: ensureSecret(folder),
    bootstrapOperatorKey: JSON.stringify(operatorKey.publicJwk),
    variables: options.variables ?? {},
    unlimited: options.unlimited ?? false,
    directPorts,
  }
  const workersOf = (code: Scripts) => {
    const workers = localWorkers(code, settings)
    return options.transform ? options.transform(workers) : workers
  }
  const port = Number(new URL(issuer).port || 80)
  const cloudflare = await startCloudflare({
    workers: workersOf(scripts),
    routes: localRoutes(environment),
    listeners: (options.hosts ?? ['127.0.0.1']).map((host) => ({ host, port })),
    persistence: join(folder, 'data'),
    migrations: { databaseId: localDatabase, folder: join(authrimPackage().root, 'templates/migrations') },
    ...(options.onLog && { onLog: options.onLog }),
    ...(options.onRuntimeMessage && { onRuntimeMessage: options.onRuntimeMessage }),
  })
  writeSecretFile(issuerFile(folder), `${issuer}\n`)
  const dispose = async () => {
    await cloudflare.dispose()
    if (options.folder === undefined) rmSync(folder, { recursive: true, force: true })
  }
  return {
    environment,
    issuer,
    folder,
    operatorKey,
    admin: new AdminClient({ issuer, key: operatorKey, local: true }),
    migrated: cloudflare.migrated,
    direct: new Map([...directPorts].map(([worker, at]) => [worker, `http://127.0.0.1:${at}`])),
    runScheduled: (worker) =>
      cloudflare.runScheduled(scriptName(name, worker), workerTopology(worker).schedules?.[0] ?? ''),
    env: (worker) => cloudflare.env(scriptName(name, worker)),
    database: cloudflare.database(localDatabase),
    reload: (next) => cloudflare.reload(workersOf(next)),
    dispose,
    [Symbol.asyncDispose]: dispose,
  }
}

async function portPerWorker(): Promise<Map<WorkerName, number>> {
  const ports = new Map<WorkerName, number>()
  for (const worker of workerNames) ports.set(worker, await freePort())
  return ports
}

/** The secret under which this environment's keys are sealed; made once and kept, or its keys could not be opened. */
function ensureSecret(folder: string): string {
  const file = join(folder, 'secret')
  const kept = readIfThere(file)?.trim()
  if (kept) return kept
  const secret = randomBytes(32).toString('base64url')
  writeSecretFile(file, `${secret}\n`)
  return secret
}
