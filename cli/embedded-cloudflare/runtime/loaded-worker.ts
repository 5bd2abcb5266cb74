import type { Account } from '../state/account.ts'
import type { Binding } from '../state/binding.ts'
import { type Script, servedVersions, type Version } from '../state/script.ts'

/** How a binding is reached inside the runtime. */
type LoadedBinding =
  | { readonly type: 'text'; readonly value: string }
  | { readonly type: 'json'; readonly value: unknown }
  | { readonly type: 'kv' | 'd1'; readonly id: string }
  | { readonly type: 'durable-object'; readonly worker: string; readonly exportName: string }
  | {
      readonly type: 'worker'
      readonly worker: string
      readonly exportName?: string
      readonly props?: Record<string, unknown>
    }
  | { readonly type: 'rate-limit'; readonly namespace: string; readonly simple: { limit: number; period: 10 | 60 } }

/** A version as the runtime has it. */
export interface LoadedWorker {
  readonly name: string
  readonly version: Version
  readonly env: Readonly<Record<string, LoadedBinding>>
  /** Durable Object classes it hosts, with the id of their namespace. */
  readonly objects: Readonly<Record<string, string>>
  readonly entrypoints: readonly string[]
}

/** A Worker whose traffic is split and to which others are bound. */
export interface Splitter {
  readonly name: string
  readonly tag: string
  readonly targets: readonly string[]
}

/** The name of a version inside the runtime. */
export function workerName(script: Script, version: Version): string {
  return `${script.tag}-${version.id}`
}

/** Which Workers run: every version that has a share in its Worker's deployment, 0 % included. */
export function loadedWorkers(accounts: readonly Account[], missing: string) {
  const workers: LoadedWorker[] = []
  const splitters: Splitter[] = []
  for (const account of accounts) {
    for (const script of account.scripts) {
      const served = servedVersions(script).map(({ version }) => version)
      for (const version of served) workers.push(loadWorker(account, script, version, version === served[0], missing))
      if (served.length > 1) {
        const targets = served.map((version) => workerName(script, version))
        splitters.push({ name: splitterName(script), tag: script.tag, targets })
      }
    }
  }
  return { workers, splitters }
}

function loadWorker(
  account: Account,
  script: Script,
  version: Version,
  isHost: boolean,
  missing: string,
): LoadedWorker {
  const env: Record<string, LoadedBinding> = {}
  for (const binding of version.bindings) {
    const loaded = loadBinding(account, script, version, binding, missing)
    if (loaded) env[binding.name] = loaded
  }
  // All objects of a class live in one Worker of the runtime: the version with the greatest share.
  const classes = isHost ? hostedClasses(script, version) : []
  return {
    name: workerName(script, version),
    version,
    env,
    objects: Object.fromEntries(classes.map((name) => [name, script.classes[name]?.id ?? name])),
    entrypoints: version.entrypoints.filter((name) => !version.objectClasses.includes(name)),
  }
}

function loadBinding(
  account: Account,
  script: Script,
  version: Version,
  binding: Binding,
  missing: string,
): LoadedBinding | undefined {
  switch (binding.type) {
    case 'plain_text':
    case 'secret_text':
      return { type: 'text', value: binding.text }
    case 'json':
      return { type: 'json', value: binding.json }
    case 'kv_namespace':
      return { type: 'kv', id: binding.namespace_id }
    case 'd1':
      return { type: 'd1', id: binding.id }
    case 'version_metadata':
      return { type: 'json', value: versionMetadata(version) }
    case 'ratelimit':
      // Limits are the account's: Workers that name one namespace share it, and accounts do not.
      return { type: 'rate-limit', namespace: `${account.id}-${binding.namespace_id}`, simple: binding.simple }
    case 'durable_object_namespace': {
      const host = findScript(account, binding.script_name ?? script.name)
      const [first] = host ? servedVersions(host) : []
      // workerd as a whole does not start with a binding to a class that is not there.
      if (!host || !first || !hostedClasses(host, first.version).includes(binding.class_name)) return undefined
      return { type: 'durable-object', worker: workerName(host, first.version), exportName: binding.class_name }
    }
    default:
      return loadService(account, binding, missing)
  }
}

function loadService(
  account: Account,
  { service, entrypoint, props }: Extract<Binding, { type: 'service' }>,
  missing: string,
): LoadedBinding {
  const script = findScript(account, service)
  const served = script ? servedVersions(script) : []
  const [first] = served
  const lacking = entrypoint !== undefined && !first?.version.entrypoints.includes(entrypoint)
  if (!script || !first || lacking) return { type: 'worker', worker: missing }
  // A call by RPC cannot pass the splitter, so a named entrypoint is that of the greatest share.
  const split = served.length > 1 && entrypoint === undefined
  return {
    type: 'worker',
    worker: split ? splitterName(script) : workerName(script, first.version),
    ...(entrypoint !== undefined && { exportName: entrypoint }),
    ...(props && { props }),
  }
}

/** The Durable Object classes of a Worker that this version has the code of. */
function hostedClasses(script: Script, version: Version): string[] {
  return Object.keys(script.classes).filter((name) => version.objectClasses.includes(name))
}

function versionMetadata({ id, annotations, createdOn }: Version) {
  return { id, tag: annotations['workers/tag'] ?? '', timestamp: createdOn }
}

function splitterName(script: Script): string {
  return `${script.tag}-split`
}

function findScript(account: Account, name: string): Script | undefined {
  return account.scripts.find((script) => script.name === name)
}
