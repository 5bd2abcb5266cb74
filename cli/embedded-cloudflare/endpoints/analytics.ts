import * as v from 'valibot'
import { type Field, GraphqlError, parseQuery } from '../analytics/graphql.ts'
import { workersInvocations } from '../analytics/workers-invocations.ts'
import type { Answer } from '../api/answer.ts'
import type { Call } from '../api/call.ts'
import { type Endpoint, endpoint } from '../api/endpoint.ts'
import { hasPermission } from '../api/token.ts'
import { type Cloud, mayUseAccount } from '../cloud.ts'

const bodySchema = v.object({
  query: v.string(),
  variables: v.optional(v.nullable(v.record(v.string(), v.unknown()))),
})

/** The GraphQL analytics API, of which it knows how Workers were invoked. It has an envelope of its own. */
export function analyticsEndpoints(cloud: Cloud): Endpoint[] {
  return [
    endpoint('POST', '/graphql', undefined, (call): Answer => {
      const { query, variables } = call.json(bodySchema)
      try {
        const data = Object.fromEntries(
          parseQuery(query, variables ?? {}).map((field) => [field.alias, viewer(field, cloud, call)]),
        )
        return json({ data, errors: null })
      } catch (error) {
        if (!(error instanceof GraphqlError)) throw error
        return json({ data: null, errors: [{ message: error.message, path: null, extensions: { code: 'unknown' } }] })
      }
    }),
  ]
}

function viewer(field: Field, cloud: Cloud, call: Call): unknown {
  if (field.name !== 'viewer') throw new GraphqlError(`unknown field "${field.name}"`)
  return Object.fromEntries(field.fields.map((part) => [part.alias, accounts(part, cloud, call)]))
}

function accounts(field: Field, { store, invocations }: Cloud, call: Call): unknown {
  if (field.name !== 'accounts') throw new GraphqlError(`unknown field "${field.name}"`)
  const filter = field.args['filter']
  const tag = typeof filter === 'object' && filter !== null && 'accountTag' in filter ? filter.accountTag : undefined
  const account = store.accounts.find(({ id }) => id === tag)
  if (!account || !mayUseAccount(call.token, account) || !hasPermission(call.token, 'Account Analytics Read')) {
    throw new GraphqlError('not authorized for that account')
  }
  const sets = field.fields.map((part) => {
    if (part.name !== 'workersInvocationsAdaptive') {
      throw new GraphqlError(`unknown field "${part.name}" in the embedded Cloudflare`)
    }
    return [part.alias, workersInvocations(part, account, invocations.all)]
  })
  return [Object.fromEntries(sets)]
}

function json(value: unknown): Answer {
  return { raw: JSON.stringify(value), contentType: 'application/json' }
}
