import * as v from 'valibot'
import { ok } from '../api/answer.ts'
import { ApiError } from '../api/api-error.ts'
import { type Endpoint, endpoint } from '../api/endpoint.ts'
import { paged } from '../api/paging.ts'
import { type Cloud, scriptOf } from '../cloud.ts'
import type { Binding } from '../state/binding.ts'
import { latestVersion, type Script, type Version } from '../state/script.ts'
import { checkSize } from '../upload/bindings.ts'
import { acceptUpload, deriveVersion, given, keepVersion } from '../upload/upload.ts'
import { listedVersion, shownVersion } from './script-shape.ts'

const patchSchema = v.object({
  env: v.optional(v.record(v.string(), v.nullable(v.object({ type: v.literal('secret_text'), text: v.string() }))), {}),
  annotations: v.optional(v.record(v.string(), v.optional(v.string())), {}),
})

/** Versions of a Worker: uploaded without being deployed. */
export function versionEndpoints(cloud: Cloud): Endpoint[] {
  const path = '/accounts/:account/workers/scripts/:script/versions'
  const beta = '/accounts/:account/workers/workers/:script/versions'
  return [
    endpoint('GET', path, 'Workers Scripts Read', (call) => {
      const { script } = scriptOf(cloud, call)
      const { items, info } = paged(script.versions.toReversed().map(listedVersion), call.query, 10)
      return { result: { items }, resultInfo: info }
    }),
    endpoint('POST', path, 'Workers Scripts Write', async (call) => {
      const { account, script } = scriptOf(cloud, call)
      const { version } = await acceptUpload(cloud, account, script.name, await call.form(), { migrate: false })
      const kept = keepVersion(script, version)
      cloud.store.save()
      return ok(shownVersion(script, kept))
    }),
    endpoint('GET', `${path}/:version`, 'Workers Scripts Read', (call) => {
      const { script } = scriptOf(cloud, call)
      return ok(shownVersion(script, versionOf(script, call.param('version'))))
    }),
    endpoint('GET', `${beta}/:version`, 'Workers Scripts Read', (call) => {
      const { script } = scriptOf(cloud, call)
      const version = versionOf(script, call.param('version'))
      const included = call.query.get('include') === 'modules'
      return ok({
        ...shownVersion(script, version),
        ...(included && { modules: version.modules.map((module) => moduleContents(cloud, module)) }),
      })
    }),
    endpoint('PATCH', `${beta}/latest`, 'Workers Scripts Write', (call) => {
      const { script } = scriptOf(cloud, call)
      const { env, annotations } = call.json(patchSchema)
      const secrets = Object.entries(env).map(([name, secret]) => [name, secret?.text ?? null] as const)
      const bindings = withSecrets(latestVersion(script)?.bindings ?? [], secrets)
      const version = deriveVersion(script, bindings, { 'workers/triggered_by': 'secret', ...given(annotations) })
      cloud.store.save()
      return ok(shownVersion(script, version))
    }),
  ]
}

/** Bindings with secrets set, or removed where the value is null. */
export function withSecrets(
  bindings: readonly Binding[],
  changes: readonly (readonly [string, string | null])[],
): Binding[] {
  const next = [...bindings]
  for (const [name, text] of changes) {
    const index = next.findIndex((binding) => binding.name === name)
    if (next[index] && next[index].type !== 'secret_text') {
      throw new ApiError(
        400,
        10053,
        `Binding name '${name}' already in use. Please use a different name and try again.`,
      )
    }
    if (index >= 0) next.splice(index, 1)
    if (text === null) continue
    const secret: Binding = { type: 'secret_text', name, text }
    checkSize(secret)
    next.push(secret)
  }
  return next
}

function versionOf({ versions }: Script, id: string): Version {
  const version = id === 'latest' ? versions.at(-1) : versions.find((candidate) => candidate.id === id)
  if (!version) throw new ApiError(404, 100146, `Version ${id} was not found.`)
  return version
}

function moduleContents({ store }: Cloud, { name, type, sha256 }: Version['modules'][number]) {
  const contentType = type === 'esm' ? 'application/javascript+module' : type === 'text' ? 'text/plain' : ''
  return {
    name,
    content_type: contentType || 'application/octet-stream',
    content_base64: store.readModule(sha256).toString('base64'),
  }
}
