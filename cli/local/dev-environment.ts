import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Environment } from '../../shared/config.ts'
import { scriptName } from '../../shared/config.ts'
import type { WorkerName } from '../../shared/topology.ts'
import { AdminClient } from '../admin/client.ts'
import { ensureOperatorKey } from '../admin/operator-key.ts'
import { Edge } from '../apply/edge.ts'
import { GateLogin } from '../apply/gate-login.ts'
import { Interruption } from '../apply/interruption.ts'
import { deployStage } from '../apply/stage.ts'
import { authrimPackage } from '../bundle/package-root.ts'
import { AccountApi } from '../cloudflare/account-api.ts'
import type { EnvironmentAccount } from '../cloudflare/environment-account.ts'
import { observe } from '../cloudflare/observe.ts'
import { ensureDatabase, ensureNamespace, listDatabases, listNamespaces, type Named } from '../cloudflare/resources.ts'
import { type EmbeddedCloudflare, startEmbeddedCloudflare } from '../embedded-cloudflare/embedded-cloudflare.ts'
import type { WorkerLog } from '../embedded-cloudflare/log.ts'
import { applyMigrations, type Database } from '../embedded-cloudflare/migrations.ts'
import { issuerFile, type LocatedEnvironment } from '../environment.ts'
import { CliError } from '../error.ts'
import { readBack } from '../init/initialise.ts'
import { publicMembers } from '../init/look-around.ts'
import { planDeployment } from '../plan/deployment.ts'
import { databaseName, namespaceTitles } from '../plan/names.ts'
import { readWanted } from '../plan/wanted.ts'
import { writeResources } from '../project/resources-file.ts'
import { wranglerFiles, writeWranglerFiles } from '../project/wrangler-files.ts'
import { writeSecretFile } from '../secret-file.ts'
import { quickUpload } from './quick-upload.ts'
import type { Scripts } from './workers.ts'

export interface DevEnvironmentOptions {
  readonly located: LocatedEnvironment
  /** Where the embedded Cloudflare keeps everything. */
  readonly data: string
  readonly port: number
  /** Addresses to listen on besides 127.0.0.1. */
  readonly hosts: readonly string[]
  readonly scripts: Promise<Scripts>
  readonly onLog: (log: WorkerLog) => void
  readonly onRuntimeMessage: (message: string) => void
}

/** What `authrim dev` runs: an embedded Cloudflare with an environment deployed to it, as any other environment is. */
export interface DevEnvironment extends AsyncDisposable {
  readonly environment: Environment
  readonly issuer: string
  readonly folder: string
  /** Base address of Cloudflare's API, which the other commands use. */
  readonly api: string
  readonly admin: AdminClient
  /** Deploys what has changed of the code; the former goes on where it does not start. */
  reload(scripts: Scripts): Promise<void>
}

/** Starts the embedded Cloudflare, makes what the environment needs there, and deploys what is not as it should be. */
export async function startDevEnvironment(options: DevEnvironmentOptions): Promise<DevEnvironment> {
  const { located, data, port, hosts } = options
  const { environment, folder } = located
  const { issuer } = environment
  const [cloudflare, operatorKey] = await Promise.all([
    startEmbeddedCloudflare({
      dataDir: data,
      edgePort: port,
      edgeHosts: hosts,
      zones: [...new Set(['localhost', new URL(issuer).hostname])].map((name) => ({ name })),
      onLog: options.onLog,
      onMessage: options.onRuntimeMessage,
    }),
    ensureOperatorKey(folder),
  ])
  try {
    const at = await ensureResources(cloudflare, located)
    const reload = async (scripts: Scripts) => {
      await deployChanged(at, scripts)
      await cloudflare.ready()
    }
    await reload(await options.scripts)
    await applyMigrations(
      await databaseOf(cloudflare, environment),
      join(authrimPackage().root, 'templates/migrations'),
    )
    writeSecretFile(issuerFile(folder), `${issuer}\n`)
    return {
      environment,
      issuer,
      folder,
      api: cloudflare.apiBase,
      admin: new AdminClient({ issuer, key: operatorKey, local: true }),
      reload,
      [Symbol.asyncDispose]: () => cloudflare.dispose(),
    }
  } catch (error) {
    await cloudflare.dispose()
    throw error
  }
}

/** Namespaces, database and files, as `authrim init` makes them. */
async function ensureResources(
  cloudflare: EmbeddedCloudflare,
  located: LocatedEnvironment,
): Promise<EnvironmentAccount> {
  const { environment, folder, root } = located
  const { apiBase, token, edgeOrigin, accounts, zones } = cloudflare
  const [first] = accounts
  const zone = zones.find(({ name }) => name === new URL(environment.issuer).hostname)
  if (!first || !zone) throw new CliError(`There is no zone for ${environment.issuer} in the local Cloudflare.`)
  const account = new AccountApi(first.id, { apiBase, token, edgeOrigin, source: 'local' })
  const [namespaces, databases] = await Promise.all([listNamespaces(account), listDatabases(account)])
  const titles = (['CLIENTS', 'AUTH_CODES', 'REFRESH_TOKENS'] as const)
    .map((name) => namespaceTitles(environment.name, name))
    .flatMap(({ id, previewId }) => [id, previewId])
  const has = (list: readonly Named[], wanted: string) => list.some(({ name }) => name === wanted)
  const database = databaseName(environment.name)
  await Promise.all([
    ...titles.filter((title) => !has(namespaces, title)).map((title) => ensureNamespace(account, title)),
    ...(has(databases, database) ? [] : [ensureDatabase(account, database)]),
  ])
  const resources = await readBack({
    folder,
    environment,
    account,
    accountName: first.name,
    zone,
    host: 'custom-domain',
    operatorKey: publicMembers((await ensureOperatorKey(folder)).publicJwk),
  })
  writeResources(root, environment.name, resources)
  writeWranglerFiles(
    root,
    wranglerFiles(root, environment, resources).filter(({ state }) => state !== 'edited'),
  )
  return { located, environment, resources, account, edge: new Edge(environment.issuer, edgeOrigin) }
}

/** Deploys, stage by stage and without checks, the Workers whose code or bindings differ from what serves. */
async function deployChanged(at: EnvironmentAccount, scripts: Scripts): Promise<void> {
  const { account, environment, resources } = at
  const code = (worker: WorkerName) => scripts.get(worker) ?? ''
  const digest = (worker: WorkerName) => createHash('sha256').update(code(worker)).digest('hex')
  const wanted = readWanted(environment, resources, digest)
  const observed = await observe(account, {
    scripts: wanted.workers.map(({ worker, script, tag }) => ({ worker, script, tag })),
    zoneId: resources.zone?.id,
    host: new URL(environment.issuer).hostname,
    // Its migrations are applied once workerd runs: asking for them would start it twice.
    databaseId: '',
  })
  const { steps } = planDeployment(wanted, observed, { only: [], files: [], force: true })
  using interruption = new Interruption(() => undefined)
  const deployed = new Set(observed.workers.map(({ worker }) => worker))
  const login = new GateLogin(at.edge, at.located.folder, undefined)
  for (const step of steps) {
    if (step.kind !== 'stage') continue
    await deployStage(step, {
      at,
      options: { message: 'authrim dev', shares: [100], interval: 0, healthCheck: false },
      interruption,
      login,
      deployed,
      upload: (change) => {
        const one = wanted.workers.find(({ worker }) => worker === change.worker)
        if (!one) throw new Error(`${change.worker} is not wanted`)
        return quickUpload(at, change, one, code(change.worker))
      },
      renew: () => Promise.resolve(),
    })
  }
}

async function databaseOf(cloudflare: EmbeddedCloudflare, { name }: Environment): Promise<Database> {
  const { DB } = await cloudflare.env(scriptName(name, 'op-management'))
  if (!isDatabase(DB)) throw new Error('op-management has no database')
  return DB
}

function isDatabase(binding: unknown): binding is Database {
  return typeof binding === 'object' && binding !== null && 'prepare' in binding
}
