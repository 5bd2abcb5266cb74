import { describe, expect, test } from 'vitest'
import { randomId } from '../protocol/handle.ts'
import { randomShard, shardCount, shardOf } from './shards.ts'

const samples = 8000

/** Pearson's statistic against an even spread; 7 degrees of freedom exceed 29.9 once in ten thousand. */
function chiSquared(shards: readonly number[]): number {
  const expected = shards.length / shardCount
  const counts = Array.from({ length: shardCount }, (_, shard) => shards.filter((each) => each === shard).length)
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
}

describe('shards', () => {
  test('random ones are spread evenly', () => {
    expect(chiSquared(Array.from({ length: samples }, randomShard))).toBeLessThan(29.9)
  })

  test('those of random, numbered and similar texts are spread evenly', () => {
    expect(chiSquared(Array.from({ length: samples }, () => shardOf(randomId())))).toBeLessThan(29.9)
    expect(chiSquared(Array.from({ length: samples }, (_, i) => shardOf(`account:user${i}@example.com`)))).toBeLessThan(
      60,
    )
    expect(
      chiSquared(Array.from({ length: samples }, (_, i) => shardOf(`client:app:10.0.${i >> 8}.${i & 255}`))),
    ).toBeLessThan(60)
  })

  test('a text keeps its shard', () => {
    expect(shardOf('a')).toBe(shardOf('a'))
    expect(shardOf('')).toBeLessThan(shardCount)
  })
})
