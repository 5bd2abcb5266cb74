import * as v from 'valibot'
import { isHostName, isLoopbackHost } from '../../shared/config/issuer.ts'
import { resourcesFile } from '../environment.ts'
import { usageError } from '../error.ts'
import type { EnvironmentResources } from '../render/wrangler-toml.ts'
import { readProjectFile, writeProjectFile } from './project-file.ts'

const hexId = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/, '32 hexadecimal digits'))
const uuid = v.pipe(v.string(), v.regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'a UUID'))
const Namespace = v.strictObject({ id: hexId, previewId: hexId })

const Resources = v.strictObject({
  version: v.literal(1),
  account: v.strictObject({ id: hexId, name: v.pipe(v.string(), v.maxLength(200)) }),
  /** Absent where the issuer is an address of workers.dev. */
  zone: v.exactOptional(
    v.strictObject({
      id: hexId,
      name: v.pipe(
        v.string(),
        v.check((name) => isHostName(name) || isLoopbackHost(name), 'a domain'),
      ),
    }),
  ),
  host: v.picklist(['custom-domain', 'routes', 'workers-dev']),
  kv: v.strictObject({ CLIENTS: Namespace, AUTH_CODES: Namespace, REFRESH_TOKENS: Namespace }),
  database: v.strictObject({
    name: v.pipe(v.string(), v.regex(/^[a-z0-9-]{1,64}$/, 'lower-case letters, digits and hyphens')),
    id: uuid,
  }),
  bootstrapOperatorKey: v.strictObject({
    kty: v.literal('OKP'),
    crv: v.literal('Ed25519'),
    x: v.pipe(v.string(), v.regex(/^[\w-]{43}$/, '43 base64url characters')),
  }),
})

/** What Cloudflare gave to an environment: environments/<env>/resources.json. No secrets. */
export type Resources = v.InferOutput<typeof Resources>

/** The resources of an environment; undefined before `authrim init`. */
export function findResources(root: string, environmentName: string): Resources | undefined {
  const path = resourcesFile(environmentName)
  const text = readProjectFile(root, path)
  if (text === undefined) return undefined
  const result = v.safeParse(Resources, parseJson(text, path))
  if (result.success) return result.output
  const [issue] = result.issues
  throw usageError(
    `${path}: ${v.getDotPath(issue) ?? 'the document'} is not as authrim writes it: ${issue.message}`,
    `Restore the file from your repository, or write it anew from what the account has: authrim init --env ${environmentName}`,
  )
}

/** The resources of an environment that `authrim init` has made. */
export function readResources(root: string, environmentName: string): Resources {
  const resources = findResources(root, environmentName)
  if (resources) return resources
  throw usageError(
    `The environment ${environmentName} has no resources: ${resourcesFile(environmentName)} is missing.`,
    `Make them, or find the ones that exist: authrim init --env ${environmentName}`,
  )
}

export function writeResources(root: string, environmentName: string, resources: Resources): void {
  writeProjectFile(root, resourcesFile(environmentName), `${JSON.stringify(resources, undefined, 2)}\n`)
}

/** The resources as the wrangler.toml templates take them. */
export function forRendering({
  account,
  zone,
  host,
  kv,
  database,
  bootstrapOperatorKey,
}: Resources): EnvironmentResources {
  return {
    accountId: account.id,
    ...(zone && { zone: zone.name }),
    ...(zone && isLoopbackHost(zone.name) && { zoneId: zone.id }),
    host,
    kv,
    database,
    bootstrapOperatorKey: JSON.stringify(bootstrapOperatorKey),
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw usageError(`${path} is not JSON.`, 'Restore it from your repository, or run authrim init again.')
  }
}
