import { describe, expect, test } from 'vitest'
import { conformancePage } from './conformance-page.ts'
import { testsOf } from './conformance-tests.ts'

const row = { requirement: 'It holds.', source: 'RFC 1', worker: 'op-token' }

describe('tests by the ids in their names', () => {
  test('finds names in tests, suites and tables', () => {
    const text = `
      describe('fault F20 a suite', () => {})
      test("B-26 TOK-04 attack O1 a reused code", async () => {})
      test.each(['a'])(
        'XCT-05 attack X3: %s is closed',
        () => {},
      )
      test.each([['B-33', 'profile'], ['B-12 AUT-05', {}]])('%s USR-06 of its type', () => {})`
    expect(testsOf('a.test.ts', text).map(({ ids, says }) => [ids.join(), says])).toEqual([
      ['fault F20', 'a suite'],
      ['B-26,TOK-04,attack O1', 'a reused code'],
      ['XCT-05,attack X3', '… is closed'],
      ['B-33', ''],
      ['B-12,AUT-05', ''],
      ['USR-06', 'of its type'],
    ])
  })

  test('takes other strings for what they are', () => {
    const text = `digest('SHA-256', bytes); generateKey({ namedCurve: 'P-256' }); test('no id here B-26', () => {})`
    expect(testsOf('a.test.ts', text)).toEqual([])
  })
})

describe('the page of conformance', () => {
  const tests = testsOf('tests/a.test.ts', `test('B-01 works | well', () => {}); test('LGO-01 ahead', () => {})`)
  const rows = [
    { id: 'B-01', ...row },
    { id: 'B-02', ...row, later: 'Comes later' },
    { id: 'B-03', ...row },
  ]
  const { page, open } = conformancePage([{ title: 'Basic', rows }], tests)

  test('shows the tests of a row, or the reason', () => {
    expect(page).toContain(String.raw`| B-01 | It holds. | RFC 1 | op-token | [works \| well](../tests/a.test.ts) |`)
    expect(page).toContain('| B-02 | It holds. | RFC 1 | op-token | _Comes later_ |')
    expect(page).toContain('- LGO-01: [ahead](../tests/a.test.ts)')
  })

  test('names the rows that have neither', () => {
    expect(open).toEqual(['B-03'])
  })
})
