import * as v from 'valibot'
import { ok } from '../api/answer.ts'
import { ApiError } from '../api/api-error.ts'
import type { Call } from '../api/call.ts'
import { type Endpoint, endpoint } from '../api/endpoint.ts'
import { type Cloud, scriptOf } from '../cloud.ts'
import { secretsOf } from '../state/binding.ts'
import { latestVersion, type Script, servedVersions } from '../state/script.ts'
import { deploy } from '../upload/deployment.ts'
import { deriveVersion } from '../upload/upload.ts'
import { withSecrets } from './versions.ts'

const secretSchema = v.object({ name: v.string(), text: v.string(), type: v.literal('secret_text') })
const bulkSchema = v.object({ secrets: v.record(v.string(), v.nullable(secretSchema)) })

/** Secrets of a Worker; setting one makes a version and deploys it. */
export function secretEndpoints(cloud: Cloud): Endpoint[] {
  const path = '/accounts/:account/workers/scripts/:script'
  const change = (call: Call, changes: readonly (readonly [string, string | null])[]) => {
    const { account, script } = scriptOf(cloud, call)
    refuseUndeployed(script)
    const bindings = withSecrets(latestVersion(script)?.bindings ?? [], changes)
    const version = deriveVersion(script, bindings, { 'workers/triggered_by': 'secret' })
    deploy(account, script, [{ version_id: version.id, percentage: 100 }], {
      force: true,
      annotations: { 'workers/triggered_by': 'secret' },
    })
    cloud.store.save()
  }
  return [
    endpoint('GET', `${path}/secrets`, 'Workers Scripts Read', (call) => ok(secretNames(scriptOf(cloud, call).script))),
    endpoint('PUT', `${path}/secrets`, 'Workers Scripts Write', (call) => {
      const { name, text, type } = call.json(secretSchema)
      change(call, [[name, text]])
      return ok({ name, type })
    }),
    endpoint('PATCH', `${path}/secrets-bulk`, 'Workers Scripts Write', (call) => {
      const { secrets } = call.json(bulkSchema)
      change(
        call,
        Object.entries(secrets).map(([name, secret]) => [name, secret?.text ?? null] as const),
      )
      return ok(Object.entries(secrets).flatMap(([name, secret]) => (secret ? [{ name, type: 'secret_text' }] : [])))
    }),
    endpoint('GET', `${path}/secrets/:name`, 'Workers Scripts Read', (call) => {
      const found = secretNames(scriptOf(cloud, call).script).find(({ name }) => name === call.param('name'))
      if (!found) throw new ApiError(404, 10056, 'Secret not found.')
      return ok(found)
    }),
    endpoint('DELETE', `${path}/secrets/:name`, 'Workers Scripts Write', (call) => {
      const name = call.param('name')
      if (!secretNames(scriptOf(cloud, call).script).some((secret) => secret.name === name)) {
        throw new ApiError(404, 10056, 'Secret not found.')
      }
      change(call, [[name, null]])
      return ok(null)
    }),
  ]
}

function secretNames(script: Script) {
  return [...secretsOf(latestVersion(script)?.bindings ?? []).keys()].map((name) => ({ name, type: 'secret_text' }))
}

/** A secret goes out with the latest version, so that has to be the one that is deployed. */
function refuseUndeployed(script: Script): void {
  const served = servedVersions(script)
  if (served.length === 1 && served[0]?.version === latestVersion(script)) return
  throw new ApiError(400, 10215, "Secret edit failed: the latest version of this Worker isn't currently deployed.")
}
