import * as v from 'valibot'
import { bindingSchema } from './binding.ts'

const annotations = v.record(v.string(), v.string())

/** A module of a version; its contents are a file named by their SHA-256. */
const moduleSchema = v.object({
  name: v.string(),
  type: v.picklist(['esm', 'cjs', 'text', 'data', 'wasm', 'json']),
  sha256: v.string(),
})

export type ModuleRecord = v.InferOutput<typeof moduleSchema>

/** What `exports` in the metadata declares of one exported class. */
export const exportSchema = v.object({
  type: v.string(),
  storage: v.optional(v.string()),
  state: v.optional(v.string()),
  renamed_to: v.optional(v.string()),
})

const versionSchema = v.object({
  id: v.string(),
  number: v.number(),
  createdOn: v.string(),
  source: v.string(),
  annotations,
  mainModule: v.string(),
  modules: v.array(moduleSchema),
  bindings: v.array(bindingSchema),
  exports: v.optional(v.record(v.string(), exportSchema)),
  compatibilityDate: v.string(),
  compatibilityFlags: v.array(v.string()),
  /** Handlers of the default export. */
  handlers: v.array(v.string()),
  /** Names that the main module exports, apart from the default. */
  entrypoints: v.array(v.string()),
  /** Exported classes that extend DurableObject. */
  objectClasses: v.array(v.string()),
  etag: v.string(),
  startupTimeMs: v.number(),
})

export type Version = v.InferOutput<typeof versionSchema>

const deploymentSchema = v.object({
  id: v.string(),
  createdOn: v.string(),
  source: v.string(),
  annotations,
  versions: v.array(v.object({ version_id: v.string(), percentage: v.number() })),
})

export type Deployment = v.InferOutput<typeof deploymentSchema>

/** A Worker: its versions oldest first, its deployments newest first. */
export const scriptSchema = v.object({
  name: v.string(),
  tag: v.string(),
  createdOn: v.string(),
  modifiedOn: v.string(),
  versions: v.array(versionSchema),
  deployments: v.array(deploymentSchema),
  subdomain: v.object({ enabled: v.boolean(), previews_enabled: v.boolean() }),
  /** Tag of the last Durable Object migration that was applied. */
  migrationTag: v.optional(v.string()),
  /** Durable Object classes that migrations or exports created, with the id of their namespace. */
  classes: v.record(v.string(), v.object({ id: v.string(), sqlite: v.boolean() })),
  tags: v.array(v.string()),
  logpush: v.boolean(),
  observability: v.optional(v.record(v.string(), v.unknown())),
  schedules: v.optional(v.array(v.object({ cron: v.string(), createdOn: v.string() })), []),
})

export type Script = v.InferOutput<typeof scriptSchema>

/** The version that was uploaded last, deployed or not. */
export function latestVersion(script: Script): Version | undefined {
  return script.versions.at(-1)
}

/** The deployment in effect; undefined before the first. */
export function currentDeployment(script: Script): Deployment | undefined {
  return script.deployments[0]
}

/** Versions of the current deployment with their share, the greatest share first. */
export function servedVersions(script: Script): { version: Version; percentage: number }[] {
  const served = []
  for (const { version_id, percentage } of currentDeployment(script)?.versions ?? []) {
    const version = script.versions.find(({ id }) => id === version_id)
    if (version) served.push({ version, percentage })
  }
  return served.toSorted((a, b) => b.percentage - a.percentage)
}

/** As many as Cloudflare lets be deployed, counted from the newest. */
const deployable = 100

/** Leaves the newest versions and deployments, and what serves. */
export function forgetOldVersions(script: Script): void {
  const serving = new Set(servedVersions(script).map(({ version }) => version.id))
  const oldest = script.versions.length - deployable
  script.versions = script.versions.filter(({ id }, index) => index >= oldest || serving.has(id))
  script.deployments = script.deployments.slice(0, deployable)
}
