import * as v from 'valibot'
import { ok } from '../api/answer.ts'
import { ApiError } from '../api/api-error.ts'
import { type Endpoint, endpoint } from '../api/endpoint.ts'
import { type Cloud, scriptOf } from '../cloud.ts'
import { tailFilterSchema } from '../runtime/tail-filter.ts'
import type { Tail } from '../runtime/tails.ts'

const bodySchema = v.looseObject({ filters: v.optional(v.array(tailFilterSchema), []) })

/** Live logs of a Worker. */
export function tailEndpoints(cloud: Cloud): Endpoint[] {
  const path = '/accounts/:account/workers/scripts/:script/tails'
  const shown = ({ id, expiresAt }: Tail) => ({
    id,
    url: `${cloud.socketOrigin()}/tail/${id}`,
    expires_at: expiresAt.toISOString(),
  })
  return [
    endpoint('GET', path, 'Workers Tail Read', (call) => ok(cloud.tails.of(scriptOf(cloud, call).script).map(shown))),
    endpoint('POST', path, 'Workers Tail Read', (call) => {
      const { script } = scriptOf(cloud, call)
      const { filters } = call.body.length > 0 ? call.json(bodySchema) : { filters: [] }
      const tail = cloud.tails.open(script, filters)
      if (!tail) throw new ApiError(400, 10057, 'This Worker has as many tails as it may have.')
      return ok(shown(tail))
    }),
    endpoint('DELETE', `${path}/:tail`, 'Workers Tail Read', (call) => {
      const { script } = scriptOf(cloud, call)
      const id = call.param('tail')
      if (!cloud.tails.of(script).some((tail) => tail.id === id)) throw new ApiError(404, 10056, 'Tail not found.')
      cloud.tails.close(id)
      return ok(null)
    }),
  ]
}
