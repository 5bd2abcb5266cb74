/**
 * How many objects of a class share its load. Handles carry their shard, so the number may be raised at any time;
 * lowering it would hide what lives in the upper shards.
 */
export const shardCount = 8

/** Spreads load, hides nothing. */
export function randomShard(): number {
  return Math.floor(Math.random() * shardCount)
}

/** The shard that a text belongs to: FNV-1a, for spreading, not for security. */
export function shardOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return (hash >>> 0) % shardCount
}

/** The object of a shard. */
export function shard<T extends Rpc.DurableObjectBranded>(
  namespace: DurableObjectNamespace<T>,
  index: number,
): DurableObjectStub<T> {
  return namespace.getByName(`shard-${index}`)
}

/** The objects of all shards, for the rare question or order that concerns everyone. */
export function allShards<T extends Rpc.DurableObjectBranded>(
  namespace: DurableObjectNamespace<T>,
): DurableObjectStub<T>[] {
  return Array.from({ length: shardCount }, (_, index) => shard(namespace, index))
}
