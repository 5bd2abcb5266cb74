import { ok } from '../api/answer.ts'
import { ApiError } from '../api/api-error.ts'
import type { Call } from '../api/call.ts'
import { type Endpoint, endpoint } from '../api/endpoint.ts'
import { accountOf, type Cloud, scriptOf } from '../cloud.ts'
import type { Account } from '../state/account.ts'
import { newId } from '../state/identifier.ts'
import { latestVersion, type Script, servedVersions } from '../state/script.ts'
import { deploy } from '../upload/deployment.ts'
import { acceptUpload, given, keepVersion } from '../upload/upload.ts'
import { shownScript } from './script-shape.ts'
import { removeScript } from './script-removal.ts'

/** Workers: list, upload with immediate deployment, contents, deletion. */
export function scriptEndpoints(cloud: Cloud): Endpoint[] {
  const workers = '/accounts/:account/workers'
  const remove = (call: Call) => {
    const { account, script } = scriptOf(cloud, call)
    removeScript(cloud, account, script, call.query.get('force') === 'true')
    return ok(null)
  }
  return [
    endpoint('GET', `${workers}/scripts`, 'Workers Scripts Read', (call) => ({
      result: accountOf(cloud, call).scripts.map(shownScript),
    })),
    endpoint('PUT', `${workers}/scripts/:script`, 'Workers Scripts Write', async (call) => {
      const account = accountOf(cloud, call)
      const name = call.param('script')
      const accepted = await acceptUpload(cloud, account, name, await call.form(), { migrate: true })
      const { metadata, classes, transfers } = accepted
      const script = account.scripts.find((candidate) => candidate.name === name) ?? newScript(account, name)
      for (const transfer of transfers) delete transfer.script.classes[transfer.className]
      script.classes = classes
      if (metadata.migrations?.new_tag !== undefined) script.migrationTag = metadata.migrations.new_tag
      if (metadata.tags) script.tags = metadata.tags
      if (metadata.observability) script.observability = metadata.observability
      if (metadata.logpush !== undefined) script.logpush = metadata.logpush
      const version = keepVersion(script, accepted.version)
      const annotations = given(metadata.annotations)
      deploy(account, script, [{ version_id: version.id, percentage: 100 }], { force: true, annotations })
      cloud.store.save()
      return ok({ ...shownScript(script), deployment_id: version.id, startup_time_ms: version.startupTimeMs })
    }),
    endpoint('GET', `${workers}/scripts/:script`, 'Workers Scripts Read', (call) => {
      const { main } = contentsOf(cloud, scriptOf(cloud, call).script)
      return { raw: main, contentType: 'application/javascript' }
    }),
    endpoint('GET', `${workers}/scripts/:script/content/v2`, 'Workers Scripts Read', async (call) => {
      const { form, entrypoint } = contentsOf(cloud, scriptOf(cloud, call).script)
      const response = new Response(form)
      return {
        raw: new Uint8Array(await response.arrayBuffer()),
        contentType: response.headers.get('content-type') ?? 'multipart/form-data',
        headers: { 'cf-entrypoint': entrypoint },
      }
    }),
    endpoint('DELETE', `${workers}/scripts/:script`, 'Workers Scripts Write', remove),
    endpoint('DELETE', `${workers}/services/:script`, 'Workers Scripts Write', remove),
    endpoint('GET', `${workers}/services/:script`, 'Workers Scripts Read', (call) => {
      const account = accountOf(cloud, call)
      const script = account.scripts.find(({ name }) => name === call.param('script'))
      if (!script) throw new ApiError(404, 10090, 'This Worker does not exist on your account.')
      const { createdOn: created_on, modifiedOn: modified_on } = script
      const environment = { environment: 'production', created_on, modified_on, script: shownScript(script) }
      return ok({
        id: script.name,
        created_on,
        modified_on,
        default_environment: environment,
        environments: [environment],
      })
    }),
    endpoint('GET', `${workers}/workers/:script`, 'Workers Scripts Read', (call) => {
      const { script } = scriptOf(cloud, call)
      const { tag, name, tags, logpush, subdomain, createdOn: created_on, modifiedOn: updated_on } = script
      return ok({ id: tag, name, tags, logpush, subdomain, created_on, updated_on })
    }),
    endpoint('GET', `${workers}/account-settings`, 'Workers Scripts Read', (call) => {
      accountOf(cloud, call)
      return ok({ default_usage_model: 'standard', green_compute: false })
    }),
  ]
}

function newScript(account: Account, name: string): Script {
  const now = new Date().toISOString()
  const script: Script = {
    name,
    tag: newId(),
    createdOn: now,
    modifiedOn: now,
    versions: [],
    deployments: [],
    subdomain: { enabled: false, previews_enabled: false },
    classes: {},
    tags: [],
    logpush: false,
    schedules: [],
  }
  account.scripts.push(script)
  return script
}

function contentsOf({ store }: Cloud, script: Script) {
  const version = servedVersions(script)[0]?.version ?? latestVersion(script)
  const form = new FormData()
  let main = Buffer.alloc(0)
  for (const { name, type, sha256 } of version?.modules ?? []) {
    const contents = store.readModule(sha256)
    if (name === version?.mainModule) main = Buffer.from(contents)
    const contentType = type === 'esm' ? 'application/javascript+module' : type === 'text' ? 'text/plain' : ''
    form.append(name, new File([new Uint8Array(contents)], name, { type: contentType || 'application/octet-stream' }))
  }
  return { form, main, entrypoint: version?.mainModule ?? '' }
}
