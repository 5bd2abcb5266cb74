import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Edge } from '../../cli/apply/edge.ts'
import { readBundle } from '../../cli/bundle/manifest.ts'
import { AccountApi } from '../../cli/cloudflare/account-api.ts'
import { addressFile } from '../../cli/embedded-cloudflare/address-file.ts'
import type { Database } from '../../cli/embedded-cloudflare/database.ts'
import { type EmbeddedCloudflare, startEmbeddedCloudflare } from '../../cli/embedded-cloudflare/embedded-cloudflare.ts'
import type { EmbeddedCloudflareOptions } from '../../cli/embedded-cloudflare/embedded-options.ts'
import { locateEnvironment } from '../../cli/environment.ts'
import { quickDeploy, quickMigrate } from '../../cli/local/quick-deploy.ts'
import { readResources } from '../../cli/project/resources-file.ts'
import { type WorkerName, workerNames } from '../../shared/topology.ts'
import { copyPackage, type PackageCopy } from './package-copy.ts'

export interface Result {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

export interface RunOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  /** Sees the process while it runs. */
  readonly watch?: (child: ChildProcess) => void
}

/** An operator's machine: a home, an authrim, and an embedded Cloudflare that it finds there. */
export interface Workshop extends AsyncDisposable {
  readonly cloudflare: EmbeddedCloudflare
  readonly package: PackageCopy
  readonly home: string
  /** The folder of the project. */
  readonly project: string
  authrim(args: readonly string[], options?: RunOptions): Promise<Result>
  /** Runs with --json --yes, expects the status, and gives the document. */
  json(args: readonly string[], status?: number): Promise<Document>
  /** Initialises the environment `local` and deploys it as `authrim dev` does, without a wrangler for each Worker. */
  deployed(): Promise<void>
  /** The database of an environment. */
  database(environment: string): Database
  file(path: string): string
  write(path: string, contents: string): void
}

// oxlint-disable-next-line typescript/no-explicit-any
export type Document = any

export async function openWorkshop(options: Partial<EmbeddedCloudflareOptions> = {}): Promise<Workshop> {
  const home = mkdtempSync(join(tmpdir(), 'authrim-home-'))
  const project = join(home, 'my-idp')
  mkdirSync(project)
  const [copy, cloudflare] = await Promise.all([
    copyPackage(),
    startEmbeddedCloudflare({
      dataDir: join(home, 'cloudflare'),
      addressFile: addressFile({ HOME: home }),
      ...options,
    }),
  ])
  const authrim = async (
    args: readonly string[],
    { cwd = project, env = {}, watch }: RunOptions = {},
  ): Promise<Result> => {
    const child = spawn(process.execPath, [join(copy.root, 'bin/authrim.js'), ...args], {
      cwd,
      env: {
        PATH: process.env['PATH'],
        HOME: home,
        TMPDIR: process.env['TMPDIR'],
        NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    watch?.(child)
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
    const [out, err, status] = await Promise.all([text(child.stdout), text(child.stderr), ended])
    return { status, out, err }
  }
  const json = async (args: readonly string[], status = 0): Promise<Document> => {
    const result = await authrim([...args, '--json', '--yes'])
    if (result.status !== status) {
      throw new Error(`authrim ${args.join(' ')} ended with ${result.status}\n${result.out}\n${result.err}`)
    }
    return JSON.parse(result.out)
  }
  return {
    cloudflare,
    package: copy,
    home,
    project,
    authrim,
    json,
    async deployed() {
      await json(['init', '--local'])
      const located = locateEnvironment(project, 'local')
      const environment = { ...located.environment, issuer: located.configuredIssuer }
      const { apiBase, token, edgeOrigin } = cloudflare
      const resources = readResources(project, environment.name)
      const account = new AccountApi(resources.account.id, { apiBase, token, edgeOrigin, source: 'local' })
      const code = (worker: WorkerName) => new TextDecoder().decode(readBundle(worker, copy.root).code)
      await quickDeploy(
        { located, environment, resources, account, edge: new Edge(environment.issuer, edgeOrigin) },
        new Map(workerNames.map((worker) => [worker, code(worker)])),
      )
      await cloudflare.ready()
      await quickMigrate(cloudflare, resources)
    },
    database: (environment) => cloudflare.database(readResources(project, environment).database.id),
    file: (path) => (existsSync(join(project, path)) ? readFileSync(join(project, path), 'utf8') : ''),
    write(path, contents) {
      mkdirSync(dirname(join(project, path)), { recursive: true })
      writeFileSync(join(project, path), contents)
    },
    async [Symbol.asyncDispose]() {
      await cloudflare.dispose()
      copy.remove()
      rmSync(home, { recursive: true, force: true })
    },
  }
}
