import { expect, test } from 'vitest'
import { openApi } from '../../../shared/http/admin/openapi.ts'
import { descriptions, schemas } from './openapi-operations.ts'
import { samlOperations } from './routes.ts'

test('every operation is described, and nothing else', () => {
  const served = samlOperations.map(([, action]) => action)
  expect(Object.keys(descriptions).toSorted()).toEqual(served.toSorted())
})

test('every schema that the description refers to is there, and each is used', () => {
  const document = JSON.stringify(openApi('https://id.example', samlOperations, descriptions, schemas))
  const used = [...document.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name)
  expect(Object.keys(schemas).toSorted()).toEqual([...new Set(used)].toSorted())
})
