import { createHash } from 'node:crypto'
import { ApiError } from '../api/api-error.ts'
import type { Cloud } from '../cloud.ts'
import type { Account } from '../state/account.ts'
import type { Binding } from '../state/binding.ts'
import { newUuid } from '../state/identifier.ts'
import { latestVersion, type Script, type Version } from '../state/script.ts'
import { checkTargets, resolveBindings } from './bindings.ts'
import { type Metadata, readMetadata } from './metadata.ts'
import { checkExported, type Classes, exportedClasses, migratedClasses } from './migrations.ts'
import { readModules } from './modules.ts'

const NAME = /^[a-z0-9_][a-z0-9_-]{0,62}$/

/** An upload that passed every check, and changes nothing until it is kept. */
export interface AcceptedUpload {
  readonly version: Omit<Version, 'number'>
  readonly metadata: Metadata
  readonly classes: Classes
  readonly transfers: readonly { script: Script; className: string }[]
}

/** Reads and checks an upload as Cloudflare does, up to starting the code. */
export async function acceptUpload(
  { store, validator }: Cloud,
  account: Account,
  name: string,
  form: FormData,
  { migrate }: { migrate: boolean },
): Promise<AcceptedUpload> {
  if (!NAME.test(name)) throw new ApiError(400, 10016, `'${name}' is not a valid Worker name.`)
  const script = account.scripts.find((candidate) => candidate.name === name)
  const metadata = await readMetadata(form)
  const modules = await readModules(form, metadata.main_module)
  if (metadata.migrations && !migrate) {
    throw new ApiError(
      400,
      10211,
      'Version upload failed. You attempted to upload a version of a Worker that includes a Durable Object migration, but migrations must be fully applied by running "wrangler deploy".',
    )
  }
  const bindings = resolveBindings(metadata, script)
  const former = script?.classes ?? {}
  const { classes, transfers } = metadata.migrations
    ? migratedClasses(metadata.migrations, name, script, account)
    : { classes: metadata.exports ? exportedClasses(metadata.exports, former) : former, transfers: [] }
  checkTargets(bindings, account, { name, classes: Object.keys(classes) })
  const main = modules.find((module) => module.name === metadata.main_module.replace(/^\.\//, ''))?.name
  const facts = await validator.start({
    main: main ?? metadata.main_module,
    modules,
    date: metadata.compatibility_date,
    flags: metadata.compatibility_flags,
    env: plainEnvironment(bindings),
  })
  checkExported(classes, former, facts.objectClasses)
  const etag = createHash('sha256')
  for (const { contents } of modules) etag.update(contents)
  return {
    metadata,
    classes,
    transfers,
    version: {
      id: newUuid(),
      createdOn: new Date().toISOString(),
      source: 'wrangler',
      annotations: { ...given(metadata.annotations), 'workers/triggered_by': 'upload' },
      mainModule: main ?? metadata.main_module,
      modules: modules.map(({ contents, ...module }) => ({ ...module, sha256: store.keepModule(contents) })),
      bindings,
      ...(metadata.exports && { exports: metadata.exports }),
      compatibilityDate: metadata.compatibility_date,
      compatibilityFlags: metadata.compatibility_flags,
      etag: etag.digest('hex'),
      ...facts,
    },
  }
}

/** Keeps an accepted upload as the Worker's newest version. */
export function keepVersion(script: Script, version: Omit<Version, 'number'>): Version {
  const kept = { ...version, number: (latestVersion(script)?.number ?? 0) + 1 }
  script.versions.push(kept)
  script.modifiedOn = kept.createdOn
  return kept
}

/** A new version with the latest one's code and other bindings. */
export function deriveVersion(script: Script, bindings: Binding[], annotations: Record<string, string>): Version {
  const base = latestVersion(script)
  if (!base) throw new ApiError(404, 10222, 'This Worker has no versions.')
  return keepVersion(script, { ...base, id: newUuid(), createdOn: new Date().toISOString(), bindings, annotations })
}

/** The given annotations, without those that are empty. */
export function given(annotations: Record<string, string | undefined>): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(annotations)) if (value !== undefined && value !== '') kept[name] = value
  return kept
}

/** What code may read of its environment while it starts. */
function plainEnvironment(bindings: readonly Binding[]): Record<string, unknown> {
  const env: Record<string, unknown> = {}
  for (const binding of bindings) {
    if (binding.type === 'plain_text' || binding.type === 'secret_text') env[binding.name] = binding.text
    if (binding.type === 'json') env[binding.name] = binding.json
  }
  return env
}
