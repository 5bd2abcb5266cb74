import { expect, test } from 'vitest'
import { batches, parseContents } from './contents.ts'

const contents = {
  createdAt: '2026-11-01T00:00:00.000Z',
  release: '1.4.0',
  environment: 'production',
  issuer: 'https://id.example.com',
  clients: [],
  users: [],
  credentials: [],
  consents: [],
  samlPartners: [],
  samlLinks: [],
  keys: null,
}

test('a backup of this or an older release is read, one of a newer release is not', () => {
  const text = JSON.stringify(contents)
  expect(parseContents(text, '1.4.0')).toEqual(contents)
  expect(parseContents(text, '1.10.0')).toEqual(contents)
  expect(() => parseContents(text, '1.3.9')).toThrow('made by authrim 1.4.0')
  expect(() => parseContents('{}', '1.4.0')).toThrow('holds something else')
})

test('batches hold so many items and so many bytes, in order, and none is lost', () => {
  const items = Array.from({ length: 7 }, (_, i) => `item ${i}`)
  expect(batches(items, { items: 3, bytes: 1000 }).map(({ length }) => length)).toEqual([3, 3, 1])
  expect(batches(items, { items: 100, bytes: 20 }).map(({ length }) => length)).toEqual([2, 2, 2, 1])
  // What is too large alone goes alone: the server has the last word.
  expect(batches(['x'.repeat(50), 'y'], { items: 9, bytes: 20 })).toHaveLength(2)
  expect(batches(items, { items: 3, bytes: 20 }).flat()).toEqual(items)
  expect(batches([], { items: 3, bytes: 20 })).toEqual([])
})
