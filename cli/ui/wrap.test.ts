import { expect, test } from 'vitest'
import { wrap } from './wrap.ts'

test('a line breaks between words, and a long word stays whole', () => {
  expect(wrap('no local Cloudflare answers at http://127.0.0.1:8788/client/v4', 24, '  ')).toBe(
    'no local Cloudflare\n  answers at\n  http://127.0.0.1:8788/client/v4',
  )
  expect(wrap('short', 80, '  ')).toBe('short')
  expect(wrap('', 80, '  ')).toBe('')
})
