import { DurableObject } from 'cloudflare:workers'
import { type ClientKnowledge, ClientStandings } from './client-standings.ts'
import { OpaqueTokens } from './opaque-tokens.ts'
import { UsedKeys } from './used-keys.ts'

export interface NewGrant {
  readonly id: string
  readonly sub: string
  readonly sid: string | undefined
  /** JSON of the `Grant`. */
  readonly record: string
  /** Seconds since the epoch, like all times here. */
  readonly codeExpiresAt: number
  readonly offline: boolean
}

export type LedgerRefusal =
  /** No such grant, or it was ended or expired. */
  | 'unknown'
  | 'expired'
  | 'revoked'
  /** Belongs to another client: nothing was changed. */
  | 'foreign'
  /** Used before: the whole grant is now revoked. */
  | 'replayed'
  /** The caller's client record is older than the last announced change. */
  | 'stale'
  /** The client is disabled. */
  | 'stopped'

export interface Rotated {
  readonly refusal: LedgerRefusal | undefined
  readonly generation: number
  readonly expiresAt: number
}

export interface GrantListing {
  readonly id: string
  readonly sub: string
  readonly clientId: string
  readonly record: string
  readonly expiresAt: number
  readonly revoked: boolean
  readonly offline: boolean
}

/** A lost reply may be asked for again, and two tabs may refresh at once, for this long. Seconds. */
const grace = 30

/** Finished grants stay this long after their last token, so that a late replay is still recognised. Seconds. */
const afterlife = 600

const sweepInterval = 3_600_000

/** Asked with each call of an API, so in one statement: the person of a grant, if grant, client and token count. */
const standing = `SELECT sub FROM grants WHERE id = ?1 AND client_id = ?2 AND revoked_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM used WHERE key = ?3)
  AND NOT EXISTS (SELECT 1 FROM clients WHERE client_id = ?2 AND stopped = 1)`

type Row = {
  id: string
  client_id: string
  sub: string
  record: string
  code_expires_at: number
  claimed_at: number | null
  redemption_id: string | null
  generation: number
  rotated_at: number
  refresh_expires_at: number
  revoked_at: number | null
  delete_at: number
  offline: number
}

/**
 * Decides what may happen only once: redeeming a code, rotating a refresh token, using a `jti`. Guarantee: every
 * decision is synchronous SQL inside one object, without an await between reading and writing, so of any number of
 * parallel callers exactly one wins.
 */
export class GrantLedger extends DurableObject<object> {
  readonly #sql: SqlStorage
  readonly #used: UsedKeys
  readonly #clients: ClientStandings
  readonly #tokens: OpaqueTokens
  /** When the last restore from a backup began; what was issued until then is void. */
  #epoch: number

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env)
    this.#sql = ctx.storage.sql
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS grants (
      id TEXT PRIMARY KEY, client_id TEXT NOT NULL, sub TEXT NOT NULL, sid TEXT, record TEXT NOT NULL,
      code_expires_at INTEGER NOT NULL, claimed_at INTEGER, redemption_id TEXT,
      generation INTEGER NOT NULL DEFAULT 0, rotated_at INTEGER NOT NULL DEFAULT 0,
      refresh_expires_at INTEGER NOT NULL DEFAULT 0, revoked_at INTEGER, delete_at INTEGER NOT NULL,
      offline INTEGER NOT NULL) WITHOUT ROWID`)
    this.#used = new UsedKeys(this.#sql)
    this.#clients = new ClientStandings(this.#sql)
    this.#tokens = new OpaqueTokens(this.#sql)
    this.#sql.exec('CREATE TABLE IF NOT EXISTS epochs (started_at INTEGER NOT NULL)')
    this.#epoch = this.#sql.exec<{ at: number }>('SELECT ifnull(max(started_at), 0) AS at FROM epochs').one().at
    void ctx.blockConcurrencyWhile(async () => {
      if ((await ctx.storage.getAlarm()) === null) await ctx.storage.setAlarm(Date.now() + sweepInterval)
    })
  }

  /** Records a grant whose code is about to be handed out. */
  open(grant: NewGrant, client: ClientKnowledge): LedgerRefusal | undefined {
    const refusal = this.#clients.refusal(client)
    if (refusal) return refusal
    this.#sql.exec(
      `INSERT INTO grants (id, client_id, sub, sid, record, code_expires_at, delete_at, offline)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      grant.id,
      client.clientId,
      grant.sub,
      grant.sid ?? null,
      grant.record,
      grant.codeExpiresAt,
      grant.codeExpiresAt + afterlife,
      grant.offline ? 1 : 0,
    )
    return undefined
  }

  /** The record of a grant, for when KV does not have it. */
  read(id: string): string | undefined {
    return this.#grant(id)?.record
  }

  /**
   * Redeems a code. The same redemption id gets the same answer again, so a lost reply is no false alarm; any other
   * second claim by the client revokes the grant (RFC 6749 §4.1.2).
   */
  claim(
    id: string,
    redemptionId: string,
    client: ClientKnowledge,
    lifetimes: { tokensUntil: number; refreshUntil: number | undefined },
    now: number,
  ): LedgerRefusal | undefined {
    const grant = this.#grant(id)
    const refusal = this.#refusal(grant, client)
    if (refusal) return refusal
    if (!grant) return 'unknown'
    if (grant.claimed_at !== null) {
      if (grant.redemption_id === redemptionId && now - grant.claimed_at <= grace) return undefined
      this.#end(id, now)
      return 'replayed'
    }
    if (grant.code_expires_at <= now) return 'expired'
    const refreshUntil = lifetimes.refreshUntil ?? 0
    this.#sql.exec(
      `UPDATE grants SET claimed_at = ?, redemption_id = ?, rotated_at = ?, refresh_expires_at = ?, delete_at = ?
       WHERE id = ?`,
      now,
      redemptionId,
      now,
      refreshUntil,
      Math.max(lifetimes.tokensUntil, refreshUntil) + afterlife,
      id,
    )
    return undefined
  }

  /** Spends a code whose redemption was wrong in a way that only an attacker or a defect explains. */
  burn(id: string, clientId: string, now: number): void {
    if (this.#grant(id)?.client_id === clientId) this.#end(id, now)
  }

  /**
   * Moves a refresh token family one generation on. For `grace` seconds the previous generation gets the same
   * successor again; an older one revokes the family (RFC 9700 §4.14.2).
   */
  rotate(
    id: string,
    generation: number,
    client: ClientKnowledge,
    lifetimes: { tokensUntil: number; refreshUntil: number },
    now: number,
  ): Rotated {
    const grant = this.#grant(id)
    const refuse = (refusal: LedgerRefusal): Rotated => ({ refusal, generation: 0, expiresAt: 0 })
    const refusal = this.#refusal(grant, client)
    if (refusal) return refuse(refusal)
    if (!grant || grant.claimed_at === null) return refuse('unknown')
    if (grant.refresh_expires_at <= now) return refuse('expired')
    if (generation === grant.generation) {
      this.#sql.exec(
        'UPDATE grants SET generation = generation + 1, rotated_at = ?, refresh_expires_at = ?, delete_at = ? WHERE id = ?',
        now,
        lifetimes.refreshUntil,
        Math.max(lifetimes.tokensUntil, lifetimes.refreshUntil) + afterlife,
        id,
      )
      return { refusal: undefined, generation: generation + 1, expiresAt: lifetimes.refreshUntil }
    }
    if (generation === grant.generation - 1 && now - grant.rotated_at <= grace)
      return { refusal: undefined, generation: grant.generation, expiresAt: grant.refresh_expires_at }
    this.#end(id, now)
    return refuse('replayed')
  }

  /** Whether a refresh token is the live one of its family, without using it. */
  refreshStanding(id: string, generation: number, now: number): string | undefined {
    const grant = this.#grant(id)
    if (!grant || grant.revoked_at !== null || grant.claimed_at === null) return undefined
    if (grant.refresh_expires_at <= now || generation !== grant.generation || this.#clients.isStopped(grant.client_id))
      return undefined
    return grant.record
  }

  /**
   * Whether an access token still counts. Answers the subject of its grant (empty for a client of its own), or
   * undefined once token, grant or client are stopped. `issuedAt` is 0 where the caller is a release that sends none.
   */
  tokenStanding(jti: string, grantId: string | undefined, clientId: string, issuedAt = 0): string | undefined {
    if (issuedAt > 0 && issuedAt <= this.#epoch) return undefined
    const key = `token:${jti}`
    if (grantId === undefined) return this.#used.has(key) || this.#clients.isStopped(clientId) ? undefined : ''
    return this.#sql.exec<{ sub: string }>(standing, grantId, clientId, key).toArray()[0]?.sub
  }

  /** Keeps the claims of an opaque access token. */
  keepToken(id: string, grantId: string | undefined, claims: string, expiresAt: number): void {
    this.#tokens.keep(id, grantId, claims, expiresAt)
  }

  /** The claims of an opaque access token, or undefined. */
  token(id: string, now: number): string | undefined {
    return this.#tokens.find(id, now)
  }

  /** True for the first caller with this key, false for every later one until it expires. */
  once(key: string, expiresAt: number): boolean {
    return this.#used.once(key, expiresAt)
  }

  revokeToken(jti: string, expiresAt: number): void {
    this.once(`token:${jti}`, expiresAt)
  }

  /** True if the grant existed and was not revoked before. */
  revoke(id: string, now: number): boolean {
    return this.#end(id, now)
  }

  /** Ends the grants of a client, a person or a browser session; answers how many. `keepOffline` spares offline ones. */
  revokeAll(
    of: { clientId?: string | undefined; sub?: string | undefined; sid?: string | undefined; keepOffline?: boolean },
    now: number,
  ): number {
    if (of.clientId === undefined && of.sub === undefined && of.sid === undefined) return 0
    return this.#sql.exec(
      `UPDATE grants SET revoked_at = ?1 WHERE revoked_at IS NULL AND (?2 IS NULL OR client_id = ?2)
       AND (?3 IS NULL OR sub = ?3) AND (?4 IS NULL OR sid = ?4) AND (?5 = 0 OR offline = 0)`,
      now,
      of.clientId ?? null,
      of.sub ?? null,
      of.sid ?? null,
      of.keepOffline ? 1 : 0,
    ).rowsWritten
  }

  /**
   * A restore from a backup begins: every grant ends, and so does every token that belongs to none. Guarantee: after
   * it, no code, refresh token or access token of before counts, whatever the restored database says (fault F40).
   */
  startEpoch(now: number): void {
    this.#epoch = Math.max(this.#epoch, now)
    this.#sql.exec('INSERT INTO epochs VALUES (?)', now)
    this.#sql.exec('UPDATE grants SET revoked_at = ? WHERE revoked_at IS NULL', now)
    this.#tokens.removeAll()
  }

  /** Makes a client's change known; records older than `revision` are refused from now on. */
  announceClient(client: ClientKnowledge, stopped: boolean): void {
    this.#clients.announce(client, stopped)
  }

  /** Grants in the order of their ids, after `after`. */
  list(
    of: { clientId?: string | undefined; sub?: string | undefined },
    after: string,
    limit: number,
    now: number,
  ): GrantListing[] {
    return this.#sql
      .exec<Row>(
        `SELECT * FROM grants WHERE id > ?1 AND claimed_at IS NOT NULL AND delete_at > ?2
         AND (?3 IS NULL OR client_id = ?3) AND (?4 IS NULL OR sub = ?4) ORDER BY id LIMIT ?5`,
        after,
        now,
        of.clientId ?? null,
        of.sub ?? null,
        limit,
      )
      .toArray()
      .map((row) => ({
        id: row.id,
        sub: row.sub,
        clientId: row.client_id,
        record: row.record,
        expiresAt: row.refresh_expires_at || row.delete_at - afterlife,
        revoked: row.revoked_at !== null,
        offline: row.refresh_expires_at > 0,
      }))
  }

  override async alarm(): Promise<void> {
    const now = Math.floor(Date.now() / 1000)
    this.#sql.exec('DELETE FROM grants WHERE delete_at <= ?', now)
    this.#used.removeExpired(now)
    this.#tokens.removeExpired(now)
    await this.ctx.storage.setAlarm(Date.now() + sweepInterval)
  }

  #grant(id: string): Row | undefined {
    return this.#sql.exec<Row>('SELECT * FROM grants WHERE id = ?', id).toArray()[0]
  }

  #refusal(grant: Row | undefined, client: ClientKnowledge): LedgerRefusal | undefined {
    const refusal = this.#clients.refusal(client)
    if (refusal) return refusal
    if (!grant) return 'unknown'
    if (grant.client_id !== client.clientId) return 'foreign'
    return grant.revoked_at === null ? undefined : 'revoked'
  }

  #end(id: string, now: number): boolean {
    return (
      this.#sql.exec('UPDATE grants SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL', now, id).rowsWritten > 0
    )
  }
}
