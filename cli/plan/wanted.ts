import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { TomlTable } from 'smol-toml'
import { type Environment, scriptName } from '../../shared/config.ts'
import { environmentWorkers, type WorkerName, workerTopology } from '../../shared/topology.ts'
import { readBundle } from '../bundle/manifest.ts'
import { authrimPackage } from '../bundle/package-root.ts'
import { bundleFailure } from '../bundle-failure.ts'
import type { Binding } from '../cloudflare/scripts.ts'
import { forRendering, type Resources } from '../project/resources-file.ts'
import { isTable } from '../render/placeholders.ts'
import { wranglerTable } from '../render/wrangler-toml.ts'
import { bindingsOf } from './bindings.ts'
import { versionTag } from './names.ts'

/** What a Worker should be, from this package and the environment's configuration. */
export interface WantedWorker {
  readonly worker: WorkerName
  readonly script: string
  readonly stage: number
  readonly tag: string
  readonly bindings: readonly Binding[]
  readonly compatibilityDate: string
  readonly compatibilityFlags: readonly string[]
  /** The last Durable Object migration. */
  readonly migrationTag: string | undefined
  /** All of them, in order. */
  readonly migrations: readonly { readonly tag: string; readonly steps: TomlTable }[]
  readonly secrets: readonly string[]
  readonly routes: readonly string[]
  /** When it runs by itself, in cron's words. */
  readonly schedules: readonly string[]
  readonly domain: string | undefined
}

/** What an environment should be. */
export interface Wanted {
  readonly environment: string
  readonly release: string
  readonly resources: Resources
  /** File names of the D1 migrations, in order. */
  readonly migrations: readonly string[]
  readonly workers: readonly WantedWorker[]
}

/**
 * Reads it from the installed package; every bundle is checked against its published hash.
 * @param digestOf the SHA-256 of a Worker's code, where it is other code than the package's.
 */
export function readWanted(environment: Environment, resources: Resources, digestOf = bundleDigest): Wanted {
  const { root, version } = authrimPackage()
  return {
    environment: environment.name,
    release: version,
    resources,
    migrations: readdirSync(join(root, 'templates/migrations'))
      .filter((name) => name.endsWith('.sql'))
      .toSorted(),
    workers: environmentWorkers(resources.zone !== undefined).map((worker) =>
      wantedWorker(worker, environment, resources, versionTag(version, digestOf(worker))),
    ),
  }
}

function wantedWorker(worker: WorkerName, environment: Environment, resources: Resources, tag: string): WantedWorker {
  const table = wranglerTable(worker, environment, forRendering(resources))
  const routes = list(table['routes']).map(({ pattern, custom_domain }) => ({
    pattern: textOf(pattern),
    domain: custom_domain === true,
  }))
  const migrations = list(table['migrations']).map(({ tag, ...steps }) => ({ tag: textOf(tag), steps }))
  return {
    worker,
    script: scriptName(environment.name, worker),
    stage: workerTopology(worker).stage,
    tag,
    bindings: bindingsOf(table),
    compatibilityDate: textOf(table['compatibility_date']),
    compatibilityFlags: Array.isArray(table['compatibility_flags']) ? table['compatibility_flags'].map(textOf) : [],
    migrationTag: migrations.at(-1)?.tag,
    migrations,
    secrets: workerTopology(worker).secrets,
    routes: routes.filter(({ domain }) => !domain).map(({ pattern }) => pattern),
    schedules: schedulesOf(table['triggers']),
    domain: routes.find(({ domain }) => domain)?.pattern,
  }
}

function bundleDigest(worker: WorkerName): string {
  try {
    return readBundle(worker).sha256
  } catch (error) {
    return bundleFailure(error)
  }
}

function list(value: TomlTable[string] | undefined): TomlTable[] {
  return Array.isArray(value) ? value.filter(isTable) : []
}

function schedulesOf(triggers: TomlTable[string] | undefined): string[] {
  const crons = isTable(triggers) ? triggers['crons'] : undefined
  return Array.isArray(crons) ? crons.map(textOf) : []
}

function textOf(value: TomlTable[string] | undefined): string {
  return typeof value === 'string' ? value : ''
}
