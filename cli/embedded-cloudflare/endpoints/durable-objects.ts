import { ok } from '../api/answer.ts'
import { ApiError } from '../api/api-error.ts'
import { type Endpoint, endpoint } from '../api/endpoint.ts'
import { pagedAnswer } from '../api/paging.ts'
import { accountOf, type Cloud } from '../cloud.ts'
import type { Account } from '../state/account.ts'

/** Durable Object namespaces: one for each class that a migration created. */
export function durableObjectEndpoints(cloud: Cloud): Endpoint[] {
  const path = '/accounts/:account/workers/durable_objects/namespaces'
  return [
    endpoint('GET', path, 'Workers Scripts Read', (call) =>
      pagedAnswer(namespaces(accountOf(cloud, call)), call.query, 1000),
    ),
    endpoint('GET', `${path}/:namespace`, 'Workers Scripts Read', (call) => {
      const found = namespaces(accountOf(cloud, call)).find(({ id }) => id === call.param('namespace'))
      if (!found) throw new ApiError(404, 10066, 'This Durable Object namespace does not exist.')
      return ok(found)
    }),
  ]
}

function namespaces({ scripts }: Account) {
  return scripts.flatMap(({ name: script, classes }) =>
    Object.entries(classes).map(([className, { id, sqlite }]) => ({
      id,
      name: `${script}_${className}`,
      script,
      class: className,
      use_sqlite: sqlite,
    })),
  )
}
