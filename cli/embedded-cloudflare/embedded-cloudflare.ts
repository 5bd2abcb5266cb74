import { join } from 'node:path'
import { addressFile, forgetAddress, recordAddress } from './address-file.ts'
import { ApiLog } from './api/api-log.ts'
import { Faults } from './api/fault.ts'
import { foreignRequest } from './api/guard.ts'
import { basePath, createApiServer } from './api/server.ts'
import { ensureToken } from './api/own-token.ts'
import { Tokens } from './api/token.ts'
import type { EmbeddedCloudflareOptions } from './embedded-options.ts'
import { listen } from './listener.ts'
import { Clockwork, type Schedule, runScheduled } from './clockwork.ts'
import type { Cloud } from './cloud.ts'
import { Database } from './database.ts'
import { allEndpoints } from './endpoints/all-endpoints.ts'
import { CpuClock } from './runtime/cpu-clock.ts'
import { Front } from './runtime/front.ts'
import { workerName } from './runtime/loaded-worker.ts'
import { Runtime } from './runtime/runtime.ts'
import { Tails } from './runtime/tails.ts'
import { loadInvocations, saveInvocations, takeTraces } from './runtime/trace-sink.ts'
import { Validator } from './runtime/validator.ts'
import { chooseTarget } from './runtime/version-choice.ts'
import { seedAccounts, seedZones } from './state/seed.ts'
import { servedVersions } from './state/script.ts'
import { Store } from './state/store.ts'

/** A running embedded Cloudflare. */
export interface EmbeddedCloudflare extends AsyncDisposable {
  /** Base address of the API, with /client/v4. */
  readonly apiBase: string
  /** Where Workers answer, by the Host header. */
  readonly edgeOrigin: string
  /** Its own token, which may do everything. */
  readonly token: string
  readonly log: ApiLog
  readonly faults: Faults
  readonly accounts: readonly { readonly id: string; readonly name: string }[]
  readonly zones: readonly { readonly id: string; readonly name: string; readonly accountId: string }[]
  /** The bindings of a Worker, as its greatest share has them. */
  env(script: string, accountId?: string): Promise<Record<string, unknown>>
  /** A D1 database. */
  database(uuid: string): Database
  /** Runs what a Worker does by a schedule, now. */
  runScheduled(script: string, cron: string): Promise<void>
  /** Starts workerd with what is deployed now, which else waits for the first request. */
  ready(): Promise<void>
  /** Breaks every open tail, as a network does. */
  dropTails(): void
  dispose(): Promise<void>
}

/** Starts Cloudflare on this machine: the v4 API on one port and its edge, on real workerd, on another. */
export async function startEmbeddedCloudflare(options: EmbeddedCloudflareOptions): Promise<EmbeddedCloudflare> {
  const { dataDir } = options
  const store = new Store(dataDir)
  store.sweep()
  seedAccounts(store, options.accounts ?? [{ name: 'Local', subdomain: 'local' }])
  seedZones(store, options.zones ?? [{ name: 'localhost' }])
  store.save()
  const report = (error: unknown) =>
    options.onMessage?.(error instanceof Error ? (error.stack ?? error.message) : String(error))
  const token = ensureToken(join(dataDir, 'token'))
  const tokens = new Tokens([{ value: token, name: 'embedded', permissions: 'all' }, ...(options.tokens ?? [])])
  const [faults, log, cpu] = [new Faults(options.faults), new ApiLog(), new CpuClock()]
  const [tails, validator] = [new Tails(), new Validator()]
  const invocationFile = join(dataDir, 'invocations.json')
  const invocations = loadInvocations(invocationFile)
  const runtime = new Runtime({
    store,
    persistence: join(dataDir, 'data'),
    choose: (request) => chooseTarget(store, request),
    takeTraces: (batch) => takeTraces(batch, { store, tails, invocations }),
    onStart: (port) => {
      front.disconnect()
      cpu.attach(port)
    },
    ...(options.onLog && { onLog: options.onLog }),
    ...(options.onMessage && { onRuntimeMessage: options.onMessage }),
  })
  let apiPort = options.apiPort ?? 0
  const socketOrigin = () => `ws://127.0.0.1:${apiPort}`
  const cloud: Cloud = { store, runtime, validator, tails, invocations, tokens, socketOrigin }
  const api = createApiServer({
    endpoints: allEndpoints(cloud),
    tokens,
    faults,
    log,
    onError: report,
    onUnknown: (method, path) => options.onMessage?.(`${method} ${path} is not part of the embedded Cloudflare`),
  })
  api.on('upgrade', (incoming, socket) => {
    if (foreignRequest(incoming) === undefined) tails.connect(incoming, socket)
    else socket.destroy()
  })
  const front = new Front({ store, runtime, invocations, cpu, onError: report })
  const edges = [front.server, ...(options.edgeHosts ?? []).map(() => front.twin())]
  const clockwork = new Clockwork({
    schedules: () => scheduled(store),
    run: (schedule, time) => runtime.use((miniflare) => runScheduled(miniflare, schedule, time)),
    onError: report,
  })
  const closeAll = async () => {
    clockwork.dispose()
    tails.dispose()
    for (const server of [api, ...edges]) {
      server.closeAllConnections()
      server.close()
    }
    front.disconnect()
    await Promise.all([runtime.dispose(), validator.dispose()])
    saveInvocations(invocationFile, invocations)
  }
  let edgePort = options.edgePort ?? 0
  try {
    apiPort = await listen(api, '127.0.0.1', apiPort)
    for (const [index, server] of edges.entries()) {
      edgePort = await listen(server, ['127.0.0.1', ...(options.edgeHosts ?? [])][index] ?? '127.0.0.1', edgePort)
    }
  } catch (error) {
    await closeAll()
    throw error
  }
  // Its import takes longer than all the rest, and the first upload needs it.
  void import('miniflare')
  const apiBase = `http://127.0.0.1:${apiPort}${basePath}`
  const edgeOrigin = `http://127.0.0.1:${edgePort}`
  const record = options.addressFile === undefined ? addressFile() : options.addressFile
  if (record !== null) recordAddress(record, { apiBase, edgeOrigin, token, pid: process.pid })
  const dispose = async () => {
    if (record !== null) forgetAddress(record, apiBase)
    await closeAll()
  }
  return {
    apiBase,
    edgeOrigin,
    token,
    log,
    faults,
    accounts: store.accounts,
    zones: store.zones,
    env: (name, accountId) => runtime.use((miniflare) => miniflare.getBindings(servedName(store, name, accountId))),
    database: (uuid) => new Database((statements) => runtime.sql(uuid, statements)),
    runScheduled: (name, cron) =>
      runtime.use((miniflare) =>
        runScheduled(miniflare, { worker: servedName(store, name, undefined), cron }, new Date()),
      ),
    ready: () => runtime.fresh(),
    dropTails: () => tails.dropConnections(),
    dispose,
    [Symbol.asyncDispose]: dispose,
  }
}

function servedName({ accounts }: Store, name: string, accountId: string | undefined): string {
  const account = accountId === undefined ? accounts[0] : accounts.find(({ id }) => id === accountId)
  const script = account?.scripts.find((candidate) => candidate.name === name)
  const [first] = script ? servedVersions(script) : []
  if (!script || !first) throw new Error(`there is no deployed Worker ${name}`)
  return workerName(script, first.version)
}

/** Schedules run the version with the greatest share. */
function scheduled({ accounts }: Store): Schedule[] {
  return accounts.flatMap(({ scripts }) =>
    scripts.flatMap((script) => {
      const [first] = servedVersions(script)
      return first ? script.schedules.map(({ cron }) => ({ worker: workerName(script, first.version), cron })) : []
    }),
  )
}
