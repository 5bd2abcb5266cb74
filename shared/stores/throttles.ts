import type { ThrottlePolicy } from '../protocol/throttling.ts'
import type { Throttle } from './durable-objects/throttle.ts'
import { decided } from './grants.ts'
import { shard, shardOf } from './shards.ts'

/**
 * The attempts at every key, each counted by the object of its shard. Times in seconds.
 * Each call throws OAuthError temporarily_unavailable where the object cannot be reached.
 */
export class Throttles {
  readonly #namespace: DurableObjectNamespace<Throttle>

  constructor(namespace: DurableObjectNamespace<Throttle>) {
    this.#namespace = namespace
  }

  /** Counts an attempt. Answers 0 if it may go on, or the seconds until one may. */
  attempt(key: string, policy: ThrottlePolicy, now: number): Promise<number> {
    return decided(this.#at(key).attempt(key, policy, now))
  }

  /** The seconds until an attempt would be let through, without counting one. */
  wait(key: string, policy: ThrottlePolicy, now: number): Promise<number> {
    return decided(this.#at(key).wait(key, policy, now))
  }

  /** Takes back one attempt: it has ended, or it was no guess. */
  async release(key: string): Promise<void> {
    await decided(this.#at(key).release(key))
  }

  /** Forgets the attempts of a key. */
  async clear(key: string): Promise<void> {
    await decided(this.#at(key).clear(key))
  }

  #at(key: string): DurableObjectStub<Throttle> {
    return shard(this.#namespace, shardOf(key))
  }
}
