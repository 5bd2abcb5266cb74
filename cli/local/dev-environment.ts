import type { Environment } from '../../shared/config.ts'
import { AdminClient } from '../admin/client.ts'
import { ensureOperatorKey } from '../admin/operator-key.ts'
import { Edge } from '../apply/edge.ts'
import { AccountApi } from '../cloudflare/account-api.ts'
import type { EnvironmentAccount } from '../cloudflare/environment-account.ts'
import { ensureDatabase, ensureNamespace, listDatabases, listNamespaces, type Named } from '../cloudflare/resources.ts'
import { type EmbeddedCloudflare, startEmbeddedCloudflare } from '../embedded-cloudflare/embedded-cloudflare.ts'
import type { WorkerLog } from '../embedded-cloudflare/log.ts'
import { issuerFile, type LocatedEnvironment } from '../environment.ts'
import { CliError } from '../error.ts'
import { readBack } from '../init/initialise.ts'
import { publicMembers } from '../init/look-around.ts'
import { databaseName, namespaceTitles } from '../plan/names.ts'
import { writeResources } from '../project/resources-file.ts'
import { wranglerFiles, writeWranglerFiles } from '../project/wrangler-files.ts'
import { writeSecretFile } from '../secret-file.ts'
import { quickDeploy, quickMigrate } from './quick-deploy.ts'
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
      await quickDeploy(at, scripts)
      await cloudflare.ready()
    }
    await reload(await options.scripts)
    await quickMigrate(cloudflare, at.resources)
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
