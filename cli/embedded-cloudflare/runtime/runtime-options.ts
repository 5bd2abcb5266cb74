import type { MiniflareOptions } from 'miniflare'
import { databaseBinding, sqlDoorEntrypoint, sqlDoorSecret, sqlDoorSocket } from '../sql-door.ts'
import type { Account } from '../state/account.ts'
import type { ModuleRecord } from '../state/script.ts'
import {
  collectorName,
  collectorScript,
  dispatcherName,
  dispatcherScript,
  missingName,
  missingScript,
  splitterScript,
} from './helper-workers.ts'
import type { LoadedWorker, Splitter } from './loaded-worker.ts'

type WorkerOptions = MiniflareOptions['workers'][number]
type Environment = NonNullable<WorkerOptions['config']['env']>
export type Handler = Extract<Environment[string], { type: 'fetcher' }>['handler']

/** The dispatcher's binding of a KV namespace, for the API. */
export const namespaceBinding = (id: string) => `namespace-${id}`

export interface RuntimeParts {
  readonly accounts: readonly Account[]
  readonly workers: readonly LoadedWorker[]
  readonly splitters: readonly Splitter[]
  readonly persistence: string
  readonly dispatcherPort: number
  readonly doorSecret: string
  readonly readModule: (sha256: string) => Buffer
  readonly choose: Handler
  readonly takeTraces: Handler
}

/** The Workers of all accounts, and the helpers around them, as miniflare wants them. */
export function runtimeOptions(parts: RuntimeParts) {
  const { accounts, workers, splitters } = parts
  const data: Environment = {}
  for (const { kvNamespaces, d1Databases } of accounts) {
    for (const { id } of kvNamespaces) data[namespaceBinding(id)] = { type: 'kv', id }
    for (const { uuid } of d1Databases) data[databaseBinding(uuid)] = { type: 'd1', id: uuid }
  }
  return {
    host: '127.0.0.1',
    port: 0,
    // Otherwise it asks a server of Cloudflare what Request.cf should be.
    cf: false,
    enableDevRegistry: false,
    telemetry: { enabled: false },
    resourcePersistencePath: parts.persistence,
    workers: [
      {
        ...helper(
          dispatcherName,
          dispatcherScript,
          {
            ...data,
            ...Object.fromEntries(workers.map(({ name }) => [name, { type: 'worker', worker: name } as const])),
            [sqlDoorSecret]: { type: 'text', value: parts.doorSecret },
          },
          [sqlDoorEntrypoint],
        ),
        dev: { unsafeDirectSockets: [{ host: '127.0.0.1', port: parts.dispatcherPort }, sqlDoorSocket] },
      },
      helper(collectorName, collectorScript, { OUT: { type: 'fetcher', handler: parts.takeTraces } }),
      helper(missingName, missingScript, {}),
      ...splitters.map(({ name, tag, targets }) =>
        helper(name, splitterScript, {
          TAG: { type: 'text', value: tag },
          CHOOSE: { type: 'fetcher', handler: parts.choose },
          ...Object.fromEntries(targets.map((target) => [target, { type: 'worker', worker: target } as const])),
        }),
      ),
      ...workers.map((worker) => workerOptions(worker, parts.readModule)),
    ],
  } satisfies MiniflareOptions
}

function helper(name: string, script: string, env: Environment, entrypoints: readonly string[] = []): WorkerOptions {
  return {
    config: {
      name,
      compatibilityDate: '2026-11-01',
      manifest: {
        mainModule: 'index.js',
        modulesRoot: '/',
        modules: { 'index.js': { type: 'esm', contents: script } },
      },
      env,
      exports: Object.fromEntries(entrypoints.map((entrypoint) => [entrypoint, { type: 'worker' } as const])),
    },
  }
}

function workerOptions(worker: LoadedWorker, readModule: (sha256: string) => Buffer): WorkerOptions {
  const { name, version, env, objects, entrypoints } = worker
  return {
    config: {
      name,
      compatibilityDate: version.compatibilityDate,
      compatibilityFlags: version.compatibilityFlags,
      manifest: {
        mainModule: version.mainModule,
        modulesRoot: '/',
        modules: Object.fromEntries(version.modules.map((module) => [module.name, moduleOptions(module, readModule)])),
      },
      env: environment(env),
      exports: {
        ...Object.fromEntries(
          Object.entries(objects).map(([className, namespace]) => [
            className,
            { type: 'durable-object', storage: 'sqlite', unsafeUniqueKey: namespace } as const,
          ]),
        ),
        ...Object.fromEntries(entrypoints.map((entrypoint) => [entrypoint, { type: 'worker' } as const])),
      },
      tailConsumers: [{ worker: collectorName, props: { worker: name } }],
    },
  }
}

function moduleOptions({ type, sha256 }: ModuleRecord, readModule: (sha256: string) => Buffer) {
  const contents = readModule(sha256)
  const text = type === 'esm' || type === 'cjs' || type === 'text' || type === 'json'
  return { type, contents: text ? contents.toString('utf8') : new Uint8Array(contents) }
}

function environment(env: LoadedWorker['env']): Environment {
  return Object.fromEntries(
    Object.entries(env).map(([name, binding]) => {
      if (binding.type !== 'json') return [name, binding]
      return [name, { type: 'json', value: JSON.parse(JSON.stringify(binding.value)) }]
    }),
  )
}
