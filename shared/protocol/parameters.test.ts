import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Parameters } from './parameters.ts'

const pairs = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'resource', 'state'), fc.string()), { maxLength: 20 })

describe('parameters', () => {
  test('count as absent when empty (RFC 6749 §3.1)', () => {
    const params = new Parameters([
      ['scope', ''],
      ['state', 'x'],
    ])
    expect([params.get('scope'), params.get('state'), params.all('scope')]).toEqual([undefined, 'x', []])
    expect(() => params.required('scope')).toThrow('scope is missing')
  })

  test('are refused when repeated, empty or not, except resource (RFC 8707 §2)', () => {
    fc.assert(
      fc.property(pairs, (given) => {
        const names = given.map(([name]) => name).filter((name) => name !== 'resource')
        const params = new Parameters(given)
        const isRepeated = new Set(names).size < names.length
        expect(params.repeated.length > 0).toBe(isRepeated)
        if (isRepeated) expect(() => params.unrepeated()).toThrow('repeated')
        else expect(params.unrepeated()).toBe(params)
      }),
    )
  })

  test('are stored as they came, so that a repetition is found again', () => {
    fc.assert(
      fc.property(pairs, (given) => {
        const params = new Parameters(given)
        const stored = new Parameters(params.entries())
        expect(stored.entries()).toEqual(params.entries())
        expect(new Set(params.entries().map(String))).toEqual(new Set(given.map(String)))
        expect(params.entries()).toHaveLength(given.length)
        expect(new Set(stored.repeated)).toEqual(new Set(params.repeated))
      }),
    )
  })

  test('have no inherited members', () => {
    const params = new Parameters([])
    for (const name of ['__proto__', 'constructor', 'toString']) expect(params.get(name)).toBeUndefined()
  })

  test('are a hundred at most', () => {
    const many = Array.from({ length: 101 }, (_, index): [string, string] => [`p${index}`, '1'])
    expect(() => new Parameters(many)).toThrow('too many parameters')
    expect(new Parameters(many.slice(1)).entries()).toHaveLength(100)
  })
})
