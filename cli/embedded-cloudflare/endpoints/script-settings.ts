import * as v from 'valibot'
import { ok } from '../api/answer.ts'
import { ApiError, badRequest } from '../api/api-error.ts'
import { parseInput, parseJson } from '../api/call.ts'
import { type Endpoint, endpoint } from '../api/endpoint.ts'
import { type Cloud, scriptOf } from '../cloud.ts'
import { isCron } from '../cron.ts'
import { shownBinding } from '../state/binding.ts'
import { latestVersion, type Script, servedVersions } from '../state/script.ts'
import { checkTargets, resolveBindings } from '../upload/bindings.ts'
import { deploy } from '../upload/deployment.ts'
import { deriveVersion } from '../upload/upload.ts'

const scriptSettingsSchema = v.looseObject({
  tags: v.optional(v.nullable(v.array(v.string()))),
  logpush: v.optional(v.boolean()),
  observability: v.optional(v.nullable(v.record(v.string(), v.unknown()))),
})

const settingsSchema = v.looseObject({
  bindings: v.optional(v.array(v.looseObject({ type: v.string(), name: v.string() }))),
  keep_bindings: v.optional(v.array(v.string()), ['secret_text']),
})

const schedulesSchema = v.array(v.looseObject({ cron: v.string() }))

/** Settings of a Worker, with those that make a version and without. */
export function scriptSettingEndpoints(cloud: Cloud): Endpoint[] {
  const path = '/accounts/:account/workers/scripts/:script'
  return [
    endpoint('GET', `${path}/script-settings`, 'Workers Scripts Read', (call) =>
      ok(scriptSettings(scriptOf(cloud, call).script)),
    ),
    endpoint('PATCH', `${path}/script-settings`, 'Workers Scripts Write', (call) => {
      const { script } = scriptOf(cloud, call)
      const { tags, logpush, observability } = call.json(scriptSettingsSchema)
      if (tags !== undefined) script.tags = tags ?? []
      if (logpush !== undefined) script.logpush = logpush
      if (observability) script.observability = observability
      cloud.store.save()
      return ok(scriptSettings(script))
    }),
    endpoint('GET', `${path}/settings`, 'Workers Scripts Read', (call) => ok(settings(scriptOf(cloud, call).script))),
    endpoint('PATCH', `${path}/settings`, 'Workers Scripts Write', async (call) => {
      const { account, script } = scriptOf(cloud, call)
      const part = (await call.form()).get('settings')
      if (part === null) throw badRequest('The multipart body has no settings.')
      const changes = parseInput(settingsSchema, parseJson(typeof part === 'string' ? part : await part.text()))
      if (changes.bindings) {
        const { keep_bindings, bindings: own } = changes
        const bindings = resolveBindings({ bindings: own, keep_bindings }, script)
        checkTargets(bindings, account, { name: script.name, classes: Object.keys(script.classes) })
        const version = deriveVersion(script, bindings, { 'workers/triggered_by': 'settings' })
        deploy(account, script, [{ version_id: version.id, percentage: 100 }], { force: true, annotations: {} })
        cloud.store.save()
      }
      return ok(settings(script))
    }),
    endpoint('GET', `${path}/schedules`, 'Workers Scripts Read', (call) => ok(schedules(scriptOf(cloud, call).script))),
    endpoint('PUT', `${path}/schedules`, 'Workers Scripts Write', (call) => {
      const { script } = scriptOf(cloud, call)
      const wanted = call.json(schedulesSchema)
      const wrong = wanted.find(({ cron }) => !isCron(cron))
      if (wrong) throw new ApiError(400, 10100, `invalid cron string: ${wrong.cron}`)
      const createdOn = new Date().toISOString()
      script.schedules = wanted.map(
        ({ cron }) => script.schedules.find((known) => known.cron === cron) ?? { cron, createdOn },
      )
      cloud.store.save()
      return ok(schedules(script))
    }),
  ]
}

function schedules({ schedules: all }: Script) {
  return { schedules: all.map(({ cron, createdOn }) => ({ cron, created_on: createdOn, modified_on: createdOn })) }
}

function scriptSettings({ tags, logpush, observability }: Script) {
  return { tags, logpush, tail_consumers: null, ...(observability && { observability }) }
}

function settings(script: Script) {
  const version = servedVersions(script)[0]?.version ?? latestVersion(script)
  return {
    ...scriptSettings(script),
    bindings: (version?.bindings ?? []).map(shownBinding),
    compatibility_date: version?.compatibilityDate,
    compatibility_flags: version?.compatibilityFlags ?? [],
    usage_model: 'standard',
    placement: {},
    ...(script.migrationTag !== undefined && { migration_tag: script.migrationTag }),
  }
}
