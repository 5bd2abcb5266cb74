import fc from 'fast-check'
import { expect, test } from 'vitest'
import { contrast, isReadableAccent, nearestReadableAccent, textOnAccent } from './accent.ts'

const colour = fc.nat(0xffffff).map((value) => `#${value.toString(16).padStart(6, '0')}`)

test('contrast is that of WCAG: 21 for black on white, 4.48 for #777777 on white, 1 for equals', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5)
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2)
  expect(contrast('#1d4ed8', '#1d4ed8')).toBe(1)
})

test('text on a dark accent is white and on a light one near black', () => {
  expect(textOnAccent('#1d4ed8')).toBe('#ffffff')
  expect(textOnAccent('#ffd43b')).toBe('#111111')
})

test('a readable accent is its own nearest', () => {
  expect(nearestReadableAccent('#1d4ed8')).toBe('#1d4ed8')
})

test('the nearest readable accent of any colour is readable', () => {
  fc.assert(fc.property(colour, (accent) => isReadableAccent(nearestReadableAccent(accent))))
})

test('a middling accent that neither text colour suits gets a neighbour', () => {
  expect(isReadableAccent('#7a7a7a')).toBe(false)
  const nearest = nearestReadableAccent('#7a7a7a')
  expect(contrast(nearest, '#7a7a7a')).toBeLessThan(1.1)
})
