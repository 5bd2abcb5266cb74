import { expect, test } from 'vitest'
import { openApi } from '../../../shared/http/admin/openapi.ts'
import { descriptions } from './openapi-operations.ts'
import { schemas } from './openapi-schemas.ts'
import { operations } from './routes.ts'

test('every operation is described, and nothing else', () => {
  const served = operations.map(([, action]) => action)
  expect(Object.keys(descriptions).toSorted()).toEqual(served.toSorted())
})

test('every schema that the description refers to is there, and each is used', () => {
  const document = JSON.stringify(openApi('https://id.example', operations, descriptions, schemas))
  const { components }: { components: { schemas: object } } = JSON.parse(document)
  const used = [...document.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name)
  expect(Object.keys(components.schemas).toSorted()).toEqual([...new Set(used)].toSorted())
})

test('names no operation and no action twice', () => {
  for (const column of [0, 1] as const)
    expect(new Set(operations.map((operation) => operation[column])).size).toBe(operations.length)
})
