import { expect, test } from 'vitest'
import { errorRateCheck } from './error-rate.ts'

test.each([
  ['too few requests say nothing', { requests: 49, errors: 49 }, { requests: 0, errors: 0 }],
  ['one or two failures may be anybody’s', { requests: 50, errors: 2 }, { requests: 50, errors: 0 }],
  ['as bad as before', { requests: 1000, errors: 100 }, { requests: 9000, errors: 900 }],
  ['a hundredth more', { requests: 1000, errors: 30 }, { requests: 1000, errors: 20 }],
  ['no counts at all', undefined, undefined],
])('passes: %s', (_, next, former) => {
  expect(errorRateCheck(next, former)).toMatchObject({ name: 'error rate', ok: true })
})

test.each([
  ['nothing failed before', { requests: 100, errors: 3 }, { requests: 900, errors: 0 }],
  ['the former version has no requests', { requests: 50, errors: 50 }, undefined],
  ['more than a hundredth more', { requests: 1000, errors: 31 }, { requests: 1000, errors: 20 }],
])('refuses: %s', (_, next, former) => {
  expect(errorRateCheck(next, former)).toMatchObject({
    ok: false,
    detail: expect.stringMatching(/^fails [\d.]+ % of its requests, the former version [\d.]+ %$/),
  })
})

test('what was not compared is said', () => {
  expect(errorRateCheck({ requests: 12, errors: 0 })).toMatchObject({ detail: expect.stringContaining('12 requests') })
})
