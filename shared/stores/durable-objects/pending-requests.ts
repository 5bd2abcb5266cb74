import { DurableObject } from 'cloudflare:workers'

const sweepInterval = 600_000

/**
 * Requests that wait for somebody: pushed authorization requests and interactions. Guarantee: `take` gives a
 * request to exactly one caller.
 */
export class PendingRequests extends DurableObject<object> {
  readonly #sql: SqlStorage

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env)
    this.#sql = ctx.storage.sql
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS requests (
      id TEXT PRIMARY KEY, request TEXT NOT NULL, expires_at INTEGER NOT NULL) WITHOUT ROWID`)
    void ctx.blockConcurrencyWhile(async () => {
      if ((await ctx.storage.getAlarm()) === null) await ctx.storage.setAlarm(Date.now() + sweepInterval)
    })
  }

  /** Stores or replaces a request. `expiresAt` in seconds. */
  put(id: string, request: string, expiresAt: number): void {
    this.#sql.exec('INSERT OR REPLACE INTO requests VALUES (?, ?, ?)', id, request, expiresAt)
  }

  get(id: string, now: number): string | undefined {
    return this.#sql
      .exec<{ request: string }>('SELECT request FROM requests WHERE id = ? AND expires_at > ?', id, now)
      .toArray()[0]?.request
  }

  /** Removes the request and answers it, once. */
  take(id: string, now: number): string | undefined {
    return this.#sql
      .exec<{ request: string }>('DELETE FROM requests WHERE id = ? AND expires_at > ? RETURNING request', id, now)
      .toArray()[0]?.request
  }

  override async alarm(): Promise<void> {
    this.#sql.exec('DELETE FROM requests WHERE expires_at <= ?', Math.floor(Date.now() / 1000))
    await this.ctx.storage.setAlarm(Date.now() + sweepInterval)
  }
}
