import { DurableObject } from 'cloudflare:workers'
import { Outbound } from '../../http/outbound.ts'
import { type Notice, deliver, retryDelays } from './notices.ts'
import { Seal } from './sealing.ts'

/** Variables of the Worker that hosts the object. */
export interface PendingRequestsEnv {
  readonly AUTHRIM_SECRET: string
  readonly ISSUER_URL: string
  readonly ENVIRONMENT: string
}

/** A request whose answer a person decides while its client waits. Times are seconds. */
export interface NewAsk {
  /** Hash of the device code or `auth_req_id`. */
  readonly id: string
  readonly clientId: string
  /** The person it is for, where the client named one. */
  readonly sub?: string
  /** What the person types, letters only; unique among those that wait. */
  readonly userCode?: string
  /** JSON for the page that asks the person. */
  readonly request: string
  /** Least time between two polls. */
  readonly interval: number
  readonly expiresAt: number
  /** Sent to the client once it is decided; with `result` (push) completed by what was decided. */
  readonly notice?: Notice
  /** Whether the client gets its tokens with the notice, and may not poll. */
  readonly push?: boolean
}

/** What became of a new request: kept, its user code is taken, or too many wait for this person already. */
export type Asked = 'kept' | 'code_taken' | 'too_many'

export interface Ask {
  readonly id: string
  readonly clientId: string
  readonly sub: string | undefined
  readonly userCode: string | undefined
  readonly request: string
  readonly expiresAt: number
  readonly push: boolean
}

/** The grant that an approval opened in the ledger. */
export interface ApprovedGrant {
  readonly id: string
  /** JSON of the `Grant`. */
  readonly record: string
}

export interface Polled {
  /**
   * `unknown`: no such request, or it is another client's, and nothing was changed; `used`: the tokens were given
   * before.
   */
  readonly outcome: 'approved' | 'pending' | 'slow_down' | 'denied' | 'expired' | 'unknown' | 'used'
  /** What was approved. */
  readonly grant?: ApprovedGrant
}

type AskRow = {
  id: string
  client_id: string
  sub: string | null
  user_code: string | null
  request: string
  status: 'pending' | 'approved' | 'denied' | 'used'
  grant_id: string | null
  grant_record: string | null
  redemption_id: string | null
  interval: number
  polled_at: number | null
  expires_at: number
  push: number
  notice: string | null
}

type NoticeRow = { id: string; sealed: string; attempts: number; due_at: number }

const sweepInterval = 600_000

/** A decided request stays this long after its expiry, so that late polls get the right answer. Seconds. */
const afterlife = 600

/** A client that polls too fast waits this much longer from then on (RFC 8628 §3.5). Seconds. */
const slowDown = 5

/** So many requests of one client wait for a person at most, and so many of all clients. */
const mostOfClient = 3
const mostOfAll = 10

/** Notices that one alarm sends; the next follows at once. */
const noticesAtOnce = 20

/**
 * Requests that wait for somebody: pushed authorization requests, interactions, and those that a person decides while
 * a device or client polls. Guarantee: `take` gives a request to exactly one caller; of any number of parallel
 * decisions the first counts, and of any number of parallel polls one gets the tokens, since each is synchronous SQL.
 * A notice is sent at least once, until its receiver answers or the attempts are used up.
 */
export class PendingRequests extends DurableObject<PendingRequestsEnv> {
  readonly #sql: SqlStorage
  readonly #seal: Seal
  readonly #outbound: Outbound

  constructor(ctx: DurableObjectState, env: PendingRequestsEnv) {
    super(ctx, env)
    this.#sql = ctx.storage.sql
    this.#seal = new Seal(env.AUTHRIM_SECRET)
    this.#outbound = new Outbound(env.ISSUER_URL, env.ENVIRONMENT === 'local')
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS requests (
      id TEXT PRIMARY KEY, request TEXT NOT NULL, expires_at INTEGER NOT NULL) WITHOUT ROWID`)
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS asks (
      id TEXT PRIMARY KEY, client_id TEXT NOT NULL, sub TEXT, user_code TEXT UNIQUE, request TEXT NOT NULL,
      status TEXT NOT NULL DEFAULT 'pending', grant_id TEXT, grant_record TEXT, redemption_id TEXT,
      interval INTEGER NOT NULL, polled_at INTEGER, expires_at INTEGER NOT NULL, push INTEGER NOT NULL,
      notice TEXT) WITHOUT ROWID`)
    this.#sql.exec('CREATE INDEX IF NOT EXISTS asks_by_sub ON asks (sub) WHERE sub IS NOT NULL')
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS notices (
      id TEXT PRIMARY KEY, sealed TEXT NOT NULL, attempts INTEGER NOT NULL, due_at INTEGER NOT NULL) WITHOUT ROWID`)
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

  /** Keeps a request for a person to decide. */
  async ask(ask: NewAsk, now: number): Promise<Asked> {
    const sealed = ask.notice && (await this.#seal.seal(ask.id, JSON.stringify(ask.notice)))
    if (ask.sub !== undefined && this.#isCrowded(ask.sub, ask.clientId, now)) return 'too_many'
    // A code of a request that is over may be given again.
    if (ask.userCode !== undefined)
      this.#sql.exec('UPDATE asks SET user_code = NULL WHERE user_code = ? AND expires_at <= ?', ask.userCode, now)
    const kept = this.#sql.exec(
      `INSERT OR IGNORE INTO asks (id, client_id, sub, user_code, request, interval, expires_at, push, notice)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ask.id,
      ask.clientId,
      ask.sub ?? null,
      ask.userCode ?? null,
      ask.request,
      ask.interval,
      ask.expiresAt,
      ask.push ? 1 : 0,
      sealed ?? null,
    )
    if (kept.rowsWritten === 0) return 'code_taken'
    if (ask.push) await this.#wakeAt(ask.expiresAt * 1000)
    return 'kept'
  }

  /** The request that waits under a user code. */
  askOfCode(userCode: string, now: number): Ask | undefined {
    return this.#asks("user_code = ?2 AND status = 'pending'", now, userCode)[0]
  }

  /** What waits for a person, or for anybody; the oldest first. */
  asksOf(sub: string | undefined, now: number): Ask[] {
    return this.#asks("sub IS NOT NULL AND (?2 IS NULL OR sub = ?2) AND status = 'pending'", now, sub ?? null)
  }

  /** A request that waits. */
  askOf(id: string, now: number): Ask | undefined {
    return this.#asks("id = ?2 AND status = 'pending'", now, id)[0]
  }

  /** The `auth_req_id` of a request whose client is notified, as long as nothing is decided. */
  async authReqId(id: string): Promise<string | undefined> {
    const sealed = this.#row(id)?.notice
    const body = sealed ? (await this.#notice(id, sealed)).body : ''
    return typeof body === 'string' ? undefined : String(body['auth_req_id'])
  }

  /**
   * Decides a request: approved with a grant, or denied. True for the one call that decided it, before it expired.
   * @param result what a push notice says beside the `auth_req_id`.
   */
  async decide(
    id: string,
    grant: ApprovedGrant | undefined,
    result: Readonly<Record<string, unknown>> | undefined,
    now: number,
  ): Promise<boolean> {
    const waiting = this.#row(id)
    const sealed = waiting?.notice && (await this.#withResult(id, waiting.notice, result))
    const decided = this.#sql.exec(
      `UPDATE asks SET status = ?, grant_id = ?, grant_record = ?, user_code = NULL, notice = NULL
       WHERE id = ? AND status = 'pending' AND expires_at > ?`,
      grant ? (result ? 'used' : 'approved') : 'denied',
      grant?.id ?? null,
      grant?.record ?? null,
      id,
      now,
    )
    if (decided.rowsWritten === 0) return false
    if (sealed) {
      this.#sql.exec('INSERT OR REPLACE INTO notices VALUES (?, ?, 0, ?)', id, sealed, now)
      await this.ctx.storage.setAlarm(Date.now())
    }
    return true
  }

  /**
   * A client asks for the answer. The approval is given once: to the first poll, and again to the same redemption id,
   * so that a lost reply is repeated. A poll before the interval is over lengthens it for good.
   */
  poll(id: string, clientId: string, redemptionId: string, now: number): Polled {
    const row = this.#row(id)
    if (!row || row.client_id !== clientId) return { outcome: 'unknown' }
    const grant = { id: row.grant_id ?? '', record: row.grant_record ?? '' }
    if (row.status === 'used')
      return row.redemption_id === redemptionId ? { outcome: 'approved', grant } : { outcome: 'used' }
    if (row.status === 'denied') return { outcome: 'denied' }
    if (row.expires_at <= now) return { outcome: 'expired' }
    if (row.status === 'approved') {
      this.#sql.exec("UPDATE asks SET status = 'used', redemption_id = ? WHERE id = ?", redemptionId, id)
      return { outcome: 'approved', grant }
    }
    const tooFast = row.polled_at !== null && now < row.polled_at + row.interval
    this.#sql.exec(
      'UPDATE asks SET polled_at = ?, interval = interval + ? WHERE id = ?',
      now,
      tooFast ? slowDown : 0,
      id,
    )
    return { outcome: tooFast ? 'slow_down' : 'pending' }
  }

  /** Sends a notice of no request; `id` names it, so that a repeated call sends nothing twice. */
  async notify(id: string, notice: Notice, now: number): Promise<void> {
    const sealed = await this.#seal.seal(id, JSON.stringify(notice))
    this.#sql.exec('INSERT OR IGNORE INTO notices VALUES (?, ?, 0, ?)', id, sealed, now)
    await this.ctx.storage.setAlarm(Date.now())
  }

  /** How many notices wait to be sent. */
  noticeCount(): number {
    return this.#sql.exec<{ count: number }>('SELECT COUNT(*) AS count FROM notices').one().count
  }

  override async alarm(): Promise<void> {
    const now = Math.floor(Date.now() / 1000)
    await this.#expire(now)
    this.#sql.exec('DELETE FROM requests WHERE expires_at <= ?', now)
    this.#sql.exec('DELETE FROM asks WHERE expires_at <= ?', now - afterlife)
    await this.#sendNotices(now)
    await this.ctx.storage.setAlarm(Math.min(Date.now() + sweepInterval, this.#nextDue() ?? Infinity))
  }

  /** A push client cannot ask, so it is told that nobody decided (CIBA §12). */
  async #expire(now: number): Promise<void> {
    const expired = this.#sql
      .exec<AskRow>("SELECT * FROM asks WHERE push = 1 AND status = 'pending' AND expires_at <= ?", now)
      .toArray()
    for (const { id, notice } of expired) {
      const sealed = notice && (await this.#withResult(id, notice, { error: 'expired_token' }))
      const over = this.#sql.exec(
        "UPDATE asks SET status = 'denied', notice = NULL WHERE id = ? AND status = 'pending'",
        id,
      )
      if (sealed && over.rowsWritten > 0)
        this.#sql.exec('INSERT OR IGNORE INTO notices VALUES (?, ?, 0, ?)', id, sealed, now)
    }
  }

  async #sendNotices(now: number): Promise<void> {
    const due = this.#sql
      .exec<NoticeRow>('SELECT * FROM notices WHERE due_at <= ? ORDER BY due_at LIMIT ?', now, noticesAtOnce)
      .toArray()
    await Promise.all(
      due.map(async ({ id, sealed, attempts }) => {
        const notice = await this.#notice(id, sealed).catch(() => undefined)
        const again = notice !== undefined && (await deliver(this.#outbound, notice))
        const delay = again ? retryDelays[attempts] : undefined
        if (delay === undefined) this.#sql.exec('DELETE FROM notices WHERE id = ?', id)
        else this.#sql.exec('UPDATE notices SET attempts = attempts + 1, due_at = ? WHERE id = ?', now + delay, id)
      }),
    )
  }

  /** When a notice is to be sent, or a request whose client has to be told so expires. Milliseconds. */
  #nextDue(): number | undefined {
    const { at } = this.#sql
      .exec<{ at: number | null }>(
        `SELECT MIN(at) AS at FROM (SELECT MIN(due_at) AS at FROM notices UNION ALL
         SELECT MIN(expires_at) FROM asks WHERE push = 1 AND status = 'pending')`,
      )
      .one()
    return at === null ? undefined : at * 1000
  }

  /** Sees to it that the alarm comes no later. Milliseconds. */
  async #wakeAt(at: number): Promise<void> {
    const set = await this.ctx.storage.getAlarm()
    if (set === null || at < set) await this.ctx.storage.setAlarm(at)
  }

  async #notice(id: string, sealed: string): Promise<Notice> {
    return JSON.parse(await this.#seal.open(id, sealed))
  }

  async #withResult(
    id: string,
    sealed: string,
    result: Readonly<Record<string, unknown>> | undefined,
  ): Promise<string> {
    if (!result) return sealed
    const notice = await this.#notice(id, sealed)
    if (typeof notice.body === 'string') return sealed
    return this.#seal.seal(id, JSON.stringify({ ...notice, body: { ...notice.body, ...result } }))
  }

  #isCrowded(sub: string, clientId: string, now: number): boolean {
    const waiting = this.asksOf(sub, now)
    return waiting.length >= mostOfAll || waiting.filter((ask) => ask.clientId === clientId).length >= mostOfClient
  }

  #asks(condition: string, now: number, value: string | null): Ask[] {
    return this.#sql
      .exec<AskRow>(`SELECT * FROM asks WHERE expires_at > ?1 AND ${condition} ORDER BY expires_at`, now, value)
      .toArray()
      .map((row) => ({
        id: row.id,
        clientId: row.client_id,
        sub: row.sub ?? undefined,
        userCode: row.user_code ?? undefined,
        request: row.request,
        expiresAt: row.expires_at,
        push: row.push === 1,
      }))
  }

  #row(id: string): AskRow | undefined {
    return this.#sql.exec<AskRow>('SELECT * FROM asks WHERE id = ?', id).toArray()[0]
  }
}
