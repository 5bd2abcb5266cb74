import { expect, test } from 'vitest'
import { halfHash } from './id-token.ts'

test('TOK-15 at_hash is the left half of the SHA-256 (example of OpenID Connect Core §A.3)', async () => {
  expect(await halfHash('jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y')).toBe('77QmUPtjPfzWtF2AnpK9RQ')
})
