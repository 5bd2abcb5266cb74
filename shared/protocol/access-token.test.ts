import { describe, expect, test } from 'vitest'
import { shardOfTokenId, tokenId } from './access-token.ts'

describe('token identifiers', () => {
  test.each([0, 7, 35, 36, 65_535])('name the ledger shard %i', (shard) => {
    expect(shardOfTokenId(tokenId(shard))).toBe(shard)
  })

  test('are random', () => {
    expect(new Set(Array.from({ length: 1000 }, () => tokenId(1))).size).toBe(1000)
  })

  test.each([
    '',
    '0',
    '.aaaaaaaaaaaaaaaaaaaaaa',
    '00000.aaaaaaaaaaaaaaaaaaaaaa',
    '0.short',
    'A.aaaaaaaaaaaaaaaaaaaaaa',
  ])('%j is none of ours', (jti) => {
    expect(shardOfTokenId(jti)).toBeUndefined()
  })
})
