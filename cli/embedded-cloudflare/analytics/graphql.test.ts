import { expect, test } from 'vitest'
import { GraphqlError, parseQuery } from './graphql.ts'

test('a query with variables, aliases and nested arguments', () => {
  const query = `query Metrics($tag: String!, $names: [String!]) {
    viewer { # who asks
      accounts(filter: { accountTag: $tag }) {
        workers: invocations(limit: 5, filter: { scriptName_in: $names, AND: [{ status: "ok" }], live: true }) { sum { requests } }
      }
    }
  }`
  expect(parseQuery(query, { tag: 'a', names: ['x'] })).toMatchObject([
    {
      name: 'viewer',
      fields: [
        {
          name: 'accounts',
          args: { filter: { accountTag: 'a' } },
          fields: [
            {
              alias: 'workers',
              name: 'invocations',
              args: { limit: 5, filter: { scriptName_in: ['x'], AND: [{ status: 'ok' }], live: true } },
              fields: [{ name: 'sum', fields: [{ name: 'requests', fields: [] }] }],
            },
          ],
        },
      ],
    },
  ])
})

test.each(['{ a', '{ a(b: ) }', '{ ...F }', '{ a } }', '{ a @skip(if: true) }', '{ "a" }', '{ a % }'])(
  '%s is refused',
  (query) => {
    expect(() => parseQuery(query, {})).toThrow(GraphqlError)
  },
)
