import * as v from 'valibot'
import { ok } from '../api/answer.ts'
import { ApiError } from '../api/api-error.ts'
import type { Call } from '../api/call.ts'
import { type Endpoint, endpoint } from '../api/endpoint.ts'
import { type Cloud, scriptOf } from '../cloud.ts'
import { deploy } from '../upload/deployment.ts'
import { given } from '../upload/upload.ts'
import { shownDeployment } from './script-shape.ts'

const bodySchema = v.object({
  strategy: v.literal('percentage'),
  versions: v.array(v.object({ version_id: v.string(), percentage: v.number() })),
  annotations: v.optional(v.record(v.string(), v.optional(v.string())), {}),
})

/** Deployments of a Worker: which versions answer, and in which proportion. */
export function deploymentEndpoints(cloud: Cloud): Endpoint[] {
  const path = '/accounts/:account/workers/scripts/:script/deployments'
  const find = (call: Call) => {
    const { script } = scriptOf(cloud, call)
    const deployment = script.deployments.find(({ id }) => id === call.param('deployment'))
    if (!deployment) throw new ApiError(404, 10222, 'This deployment does not exist.')
    return { script, deployment }
  }
  return [
    endpoint('GET', path, 'Workers Scripts Read', (call) =>
      ok({ deployments: scriptOf(cloud, call).script.deployments.map(shownDeployment) }),
    ),
    endpoint('POST', path, 'Workers Scripts Write', (call) => {
      const { account, script } = scriptOf(cloud, call)
      const { versions, annotations } = call.json(bodySchema)
      const force = call.query.get('force') === 'true'
      const deployment = deploy(account, script, versions, { force, annotations: given(annotations) })
      cloud.store.save()
      return ok(shownDeployment(deployment))
    }),
    endpoint('GET', `${path}/:deployment`, 'Workers Scripts Read', (call) =>
      ok(shownDeployment(find(call).deployment)),
    ),
    endpoint('DELETE', `${path}/:deployment`, 'Workers Scripts Write', (call) => {
      const { script, deployment } = find(call)
      const index = script.deployments.indexOf(deployment)
      if (index === 0) throw new ApiError(400, 10223, 'The deployment in effect cannot be deleted.')
      script.deployments.splice(index, 1)
      cloud.store.save()
      return ok(null)
    }),
  ]
}
