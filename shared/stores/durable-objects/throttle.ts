import { DurableObject } from 'cloudflare:workers'
import { type Attempts, type ThrottlePolicy, nextAttempt } from '../../protocol/throttling.ts'

const sweepInterval = 3_600_000

/**
 * Counts attempts at a secret by account, address and client. Guarantee: an attempt is counted before it is
 * allowed, so parallel guesses cannot share one count.
 */
export class Throttle extends DurableObject<object> {
  readonly #sql: SqlStorage

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env)
    this.#sql = ctx.storage.sql
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS attempts (
      key TEXT PRIMARY KEY, count INTEGER NOT NULL, last_at INTEGER NOT NULL, forget_at INTEGER NOT NULL) WITHOUT ROWID`)
    void ctx.blockConcurrencyWhile(async () => {
      if ((await ctx.storage.getAlarm()) === null) await ctx.storage.setAlarm(Date.now() + sweepInterval)
    })
  }

  /** Counts an attempt. Answers 0 if it may go on, or the seconds until one may. Times in seconds. */
  attempt(key: string, policy: ThrottlePolicy, now: number): number {
    const decision = nextAttempt(this.#attempts(key, now), policy, now)
    if (decision.wait === 0)
      this.#sql.exec(
        'INSERT OR REPLACE INTO attempts VALUES (?, ?, ?, ?)',
        key,
        decision.attempts.count,
        decision.attempts.lastAt,
        now + policy.memory,
      )
    return decision.wait
  }

  /** The seconds until an attempt would be let through, without counting one. */
  wait(key: string, policy: ThrottlePolicy, now: number): number {
    return nextAttempt(this.#attempts(key, now), policy, now).wait
  }

  /** Forgets the failures of a key after a success. */
  clear(key: string): void {
    this.#sql.exec('DELETE FROM attempts WHERE key = ?', key)
  }

  /** Takes back one attempt, and its wait: it has ended, or it was no guess. */
  release(key: string): void {
    this.#sql.exec('UPDATE attempts SET count = count - 1, last_at = 0 WHERE key = ? AND count > 0', key)
  }

  override async alarm(): Promise<void> {
    this.#sql.exec('DELETE FROM attempts WHERE forget_at <= ?', Math.floor(Date.now() / 1000))
    await this.ctx.storage.setAlarm(Date.now() + sweepInterval)
  }

  #attempts(key: string, now: number): Attempts {
    const row = this.#sql
      .exec<{ count: number; last_at: number }>(
        'SELECT count, last_at FROM attempts WHERE key = ? AND forget_at > ?',
        key,
        now,
      )
      .toArray()[0]
    return row ? { count: row.count, lastAt: row.last_at } : { count: 0, lastAt: 0 }
  }
}
