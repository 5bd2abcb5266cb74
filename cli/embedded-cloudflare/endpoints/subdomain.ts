import * as v from 'valibot'
import { ok } from '../api/answer.ts'
import { ApiError } from '../api/api-error.ts'
import { type Endpoint, endpoint } from '../api/endpoint.ts'
import { accountOf, type Cloud, scriptOf } from '../cloud.ts'

const accountSchema = v.object({
  subdomain: v.pipe(v.string(), v.regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'not a valid subdomain')),
})
const scriptSchema = v.object({ enabled: v.boolean(), previews_enabled: v.optional(v.boolean()) })

/** workers.dev: the account's name there, and whether a Worker is reached by it. */
export function subdomainEndpoints(cloud: Cloud): Endpoint[] {
  const account = '/accounts/:account/workers/subdomain'
  const script = '/accounts/:account/workers/scripts/:script/subdomain'
  return [
    endpoint('GET', account, 'Workers Scripts Read', (call) => {
      const { subdomain } = accountOf(cloud, call)
      if (subdomain === undefined) throw new ApiError(404, 10007, 'There is no workers.dev subdomain on this account.')
      return ok({ subdomain })
    }),
    endpoint('PUT', account, 'Workers Scripts Write', (call) => {
      const { subdomain } = call.json(accountSchema)
      const owner = accountOf(cloud, call)
      if (cloud.store.accounts.some((other) => other !== owner && other.subdomain === subdomain)) {
        throw new ApiError(409, 10031, `The subdomain ${subdomain} is taken.`)
      }
      owner.subdomain = subdomain
      cloud.store.save()
      return ok({ subdomain })
    }),
    endpoint('GET', script, 'Workers Scripts Read', (call) => ok(scriptOf(cloud, call).script.subdomain)),
    endpoint('POST', script, 'Workers Scripts Write', (call) => {
      const { script: found } = scriptOf(cloud, call)
      const { enabled, previews_enabled: previews } = call.json(scriptSchema)
      found.subdomain = { enabled, previews_enabled: previews ?? found.subdomain.previews_enabled }
      cloud.store.save()
      return ok(found.subdomain)
    }),
    endpoint('DELETE', script, 'Workers Scripts Write', (call) => {
      const { script: found } = scriptOf(cloud, call)
      found.subdomain = { enabled: false, previews_enabled: false }
      cloud.store.save()
      return ok(found.subdomain)
    }),
  ]
}
