/** Versions and deployments of Worker scripts. The SDK's types leave out bindings and annotations, so these are parsed. */
import * as v from 'valibot'
import { type AccountApi, attempt } from './account-api.ts'
import { hasCode, hasStatus } from './failure.ts'

const Annotations = v.nullish(
  v.object({ 'workers/tag': v.nullish(v.string()), 'workers/message': v.nullish(v.string()) }),
)

const DeploymentsAnswer = v.object({
  result: v.object({
    deployments: v.array(
      v.object({
        id: v.string(),
        created_on: v.string(),
        annotations: Annotations,
        versions: v.array(v.object({ version_id: v.string(), percentage: v.number() })),
      }),
    ),
  }),
})

export interface Deployment {
  readonly id: string
  readonly createdOn: string
  readonly message: string
  readonly versions: readonly { readonly id: string; readonly percentage: number }[]
}

/** The deployments of a script, newest first; undefined when there is no such script. */
export function listDeployments(account: AccountApi, script: string): Promise<Deployment[] | undefined> {
  const path = scriptPath(account, script, 'deployments')
  return attempt(`Reading the deployments of ${script}`, path, async () => {
    try {
      const { result } = v.parse(DeploymentsAnswer, await account.client.get(path))
      return result.deployments.map(({ id, created_on, annotations, versions }) => ({
        id,
        createdOn: created_on,
        message: annotations?.['workers/message'] ?? '',
        versions: versions.map(({ version_id, percentage }) => ({ id: version_id, percentage })),
      }))
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  })
}

const VersionItem = v.object({
  id: v.string(),
  number: v.number(),
  metadata: v.object({ created_on: v.string(), source: v.nullish(v.string()) }),
  annotations: Annotations,
})

const VersionsAnswer = v.object({ result: v.object({ items: v.array(VersionItem) }) })

export interface VersionSummary {
  readonly id: string
  readonly number: number
  readonly createdOn: string
  readonly tag: string
  readonly message: string
}

/** The versions of a script that may be deployed, newest first; none when there is no such script. */
export function listVersions(account: AccountApi, script: string): Promise<VersionSummary[]> {
  const path = scriptPath(account, script, 'versions')
  return attempt(`Reading the versions of ${script}`, path, async () => {
    try {
      const { result } = v.parse(VersionsAnswer, await account.client.get(path, { query: { deployable: true } }))
      return result.items.map(summary).toSorted((a, b) => b.number - a.number)
    } catch (error) {
      if (isMissing(error)) return []
      throw error
    }
  })
}

const Binding = v.looseObject({ type: v.string(), name: v.string() })

/** A binding as the API shows it; a secret has a name and no value. */
export type Binding = v.InferOutput<typeof Binding>

const VersionAnswer = v.object({
  result: v.object({
    ...VersionItem.entries,
    resources: v.object({
      bindings: v.optional(v.array(Binding), []),
      script: v.object({ etag: v.nullish(v.string()) }),
      script_runtime: v.object({
        compatibility_date: v.nullish(v.string()),
        compatibility_flags: v.nullish(v.array(v.string())),
        migration_tag: v.nullish(v.string()),
      }),
    }),
  }),
})

export interface Version extends VersionSummary {
  readonly bindings: readonly Binding[]
  readonly etag: string
  readonly compatibilityDate: string
  readonly compatibilityFlags: readonly string[]
  /** The last Durable Object migration that it was uploaded with. */
  readonly migrationTag: string | undefined
}

/** One version with what it is bound to. */
export function readVersion(account: AccountApi, script: string, id: string): Promise<Version> {
  const path = scriptPath(account, script, `versions/${encodeURIComponent(id)}`)
  return attempt(`Reading version ${id} of ${script}`, path, async () => {
    const { result } = v.parse(VersionAnswer, await account.client.get(path))
    const { bindings, script: code, script_runtime: runtime } = result.resources
    return {
      ...summary(result),
      bindings,
      etag: code.etag ?? '',
      compatibilityDate: runtime.compatibility_date ?? '',
      compatibilityFlags: runtime.compatibility_flags ?? [],
      migrationTag: runtime.migration_tag ?? undefined,
    }
  })
}

const ServiceAnswer = v.object({
  result: v.object({
    default_environment: v.object({ script: v.object({ migration_tag: v.nullish(v.string()) }) }),
  }),
})

/** The last Durable Object migration that a script has had; wrangler goes on from the same. */
export function readMigrationTag(account: AccountApi, script: string): Promise<string | undefined> {
  const path = account.path(`workers/services/${encodeURIComponent(script)}`)
  return attempt(`Reading the migrations of ${script}`, path, async () => {
    try {
      const { result } = v.parse(ServiceAnswer, await account.client.get(path))
      return result.default_environment.script.migration_tag ?? undefined
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  })
}

export interface Shares {
  readonly versions: readonly { readonly id: string; readonly percentage: number }[]
  readonly message: string
  /** Live objects take the new code at once instead of within five minutes. */
  readonly immediately?: boolean
}

/** Gives traffic to versions, at once and for all; the shares add up to 100. */
export function deployVersions(account: AccountApi, script: string, shares: Shares): Promise<void> {
  const path = scriptPath(account, script, 'deployments')
  return attempt(`Deploying ${script}`, path, async () => {
    await account.client.post(path, {
      body: {
        strategy: 'percentage',
        versions: shares.versions.map(({ id, percentage }) => ({ version_id: id, percentage })),
        annotations: { 'workers/message': shares.message },
        ...(shares.immediately && { code_update_strategy: { mode: 'immediate' } }),
      },
    })
  })
}

function isMissing(error: unknown): boolean {
  return hasCode(error, 10007, 10090) || hasStatus(error, 404)
}

function scriptPath(account: AccountApi, script: string, below: string): string {
  return account.path(`workers/scripts/${encodeURIComponent(script)}/${below}`)
}

function summary({ id, number, metadata, annotations }: v.InferOutput<typeof VersionItem>): VersionSummary {
  return {
    id,
    number,
    createdOn: metadata.created_on,
    tag: annotations?.['workers/tag'] ?? '',
    message: annotations?.['workers/message'] ?? '',
  }
}
