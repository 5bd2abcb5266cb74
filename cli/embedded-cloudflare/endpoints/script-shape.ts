import { shownBinding } from '../state/binding.ts'
import { type Deployment, latestVersion, type Script, servedVersions, type Version } from '../state/script.ts'

const author = { author_id: '0123456789abcdef0123456789abcdef', author_email: 'operator@example.com' }

/** A Worker in the list of an account. */
export function shownScript(script: Script) {
  const version = servedVersions(script)[0]?.version ?? latestVersion(script)
  return {
    id: script.name,
    tag: script.tag,
    tags: script.tags,
    etag: version?.etag,
    handlers: version?.handlers ?? [],
    named_handlers: (version?.entrypoints ?? []).map((name) => ({ name, handlers: [] })),
    compatibility_date: version?.compatibilityDate,
    compatibility_flags: version?.compatibilityFlags ?? [],
    has_modules: true,
    has_assets: false,
    logpush: script.logpush,
    usage_model: 'standard',
    last_deployed_from: 'wrangler',
    created_on: script.createdOn,
    modified_on: script.modifiedOn,
    ...(script.migrationTag !== undefined && { migration_tag: script.migrationTag }),
    ...(script.observability && { observability: script.observability }),
  }
}

/** A version in the list of a Worker. */
export function listedVersion(version: Version) {
  return {
    id: version.id,
    number: version.number,
    metadata: {
      created_on: version.createdOn,
      modified_on: version.createdOn,
      source: version.source,
      hasPreview: false,
      ...author,
    },
    annotations: version.annotations,
  }
}

/** A version with what it runs and what it is bound to. */
export function shownVersion(script: Script, version: Version) {
  return {
    ...listedVersion(version),
    resources: {
      script: {
        etag: version.etag,
        handlers: version.handlers,
        named_handlers: version.entrypoints.map((name) => ({ name, handlers: [] })),
        last_deployed_from: version.source,
      },
      script_runtime: {
        compatibility_date: version.compatibilityDate,
        compatibility_flags: version.compatibilityFlags,
        usage_model: 'standard',
        ...(script.migrationTag !== undefined && { migration_tag: script.migrationTag }),
      },
      bindings: version.bindings.map(shownBinding),
    },
    startup_time_ms: version.startupTimeMs,
  }
}

/** A deployment of a Worker. */
export function shownDeployment({ id, source, annotations, versions, createdOn }: Deployment) {
  return {
    id,
    source,
    strategy: 'percentage',
    author_email: author.author_email,
    annotations,
    versions,
    created_on: createdOn,
  }
}
