import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { repeatsMember } from './strict-json.ts'

describe('attack J11 duplicate JSON members', () => {
  test.each([
    '{"iss":"a","iss":"b"}',
    '{"a":{"b":1,"b":1}}',
    '{"a":[{"b":1},{"c":1,"c":2}]}',
    '{"a":{"x":1},"a":2}',
    '{"a":1, "\\u0061":2}',
    '{"__proto__":1,"__proto__":2}',
  ])('are seen in %s', (text) => {
    expect(repeatsMember(text)).toBe(true)
  })

  test.each([
    '{"iss":"a","sub":"a"}',
    '{"a":{"a":{"a":1}}}',
    '[{"a":1},{"a":1}]',
    '{"a":"\\"b\\":","c":"x:\\"y\\" : z"}',
    '{"":1}',
    '"a"',
    'not JSON: {"a":1,"a":1}',
    '{"__proto__":{"a":1}}',
    '[]',
  ])('are not seen in %s', (text) => {
    expect(repeatsMember(text)).toBe(false)
  })

  test('what JSON.stringify writes repeats nothing', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(repeatsMember(text)).toBe(false)
      }),
    )
  })

  test('attack J6 depth costs no stack', () => {
    expect(repeatsMember(`${'['.repeat(8000)}${']'.repeat(8000)}`)).toBe(false)
  })
})
