import { DurableObject } from 'cloudflare:workers'

/** A SAML partner that took part in a session, and under which name it knows the person there. */
export interface Participant {
  /** What the partner is to us. */
  readonly role: 'sp' | 'idp'
  readonly entityId: string
  readonly nameId: {
    readonly value: string
    readonly format: string
    readonly nameQualifier?: string | undefined
    readonly spNameQualifier?: string | undefined
  }
  readonly sessionIndex?: string | undefined
}

/** A browser session: who signed in, when and how, and which clients it reached. Times are seconds. */
export interface Session {
  readonly sub: string
  /** What clients see of the session, never the cookie. */
  readonly sid: string
  readonly authTime: number
  readonly acr: string
  readonly amr: readonly string[]
  readonly createdAt: number
  readonly lastSeenAt: number
  readonly expiresAt: number
  readonly userAgent: string
  readonly address: string
  /** Scopes in force for each client signed in to, space-separated: consent already given needs no second look. */
  readonly clients: Readonly<Record<string, string>>
  /** SAML partners to be told when it ends. */
  readonly participants?: readonly Participant[]
  /** The one client that may see this session; absent for everyone but the deploy gate. */
  readonly only?: string
}

export interface SessionListing extends Session {
  /** The hash of the cookie, which names the session in lists. */
  readonly id: string
}

/** A visit refreshes `lastSeenAt` at most this often, since each refresh is a write. Seconds. */
const visitInterval = 300
const sweepInterval = 3_600_000

type Row = { id: string; sub: string; sid: string; expires_at: number; last_seen_at: number; session: string }

/** Keeps browser sessions under the hash of their cookie. Guarantee: an ended session is gone for the next reader. */
export class SessionStore extends DurableObject<object> {
  readonly #sql: SqlStorage

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env)
    this.#sql = ctx.storage.sql
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS sessions (
      id TEXT PRIMARY KEY, sub TEXT NOT NULL, sid TEXT NOT NULL, expires_at INTEGER NOT NULL,
      last_seen_at INTEGER NOT NULL, session TEXT NOT NULL) WITHOUT ROWID`)
    // By which a partner's wish to sign somebody out finds the session without its cookie.
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS participants (
      role TEXT NOT NULL, entity_id TEXT NOT NULL, name_id TEXT NOT NULL, session_id TEXT NOT NULL,
      PRIMARY KEY (role, entity_id, name_id, session_id)) WITHOUT ROWID`)
    void ctx.blockConcurrencyWhile(async () => {
      if ((await ctx.storage.getAlarm()) === null) await ctx.storage.setAlarm(Date.now() + sweepInterval)
    })
  }

  create(id: string, session: Session): void {
    this.#sql.exec(
      'INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?)',
      id,
      session.sub,
      session.sid,
      session.expiresAt,
      session.lastSeenAt,
      JSON.stringify(session),
    )
    for (const participant of session.participants ?? []) this.#index(id, participant)
  }

  /** A live session, noting the visit. One that is for a single client is nobody's but in a request of that client. */
  visit(id: string, now: number, clientId?: string): Session | undefined {
    const row = this.#row(id, now)
    if (row && row.last_seen_at + visitInterval <= now)
      this.#sql.exec('UPDATE sessions SET last_seen_at = ? WHERE id = ?', now, id)
    const session = row && sessionOf(row)
    return session?.only === undefined || session.only === clientId ? session : undefined
  }

  /** Notes that the person signed in to a client with these scopes. */
  addClient(id: string, clientId: string, scope: string, now: number): void {
    const row = this.#row(id, now)
    if (!row) return
    const session = sessionOf(row)
    const clients = { ...session.clients, [clientId]: scope }
    this.#sql.exec('UPDATE sessions SET session = ? WHERE id = ?', JSON.stringify({ ...session, clients }), id)
  }

  /** Notes that a SAML partner takes part in a session, under its newest name and index. */
  join(id: string, participant: Participant, now: number): void {
    const row = this.#row(id, now)
    if (!row) return
    const session = sessionOf(row)
    const others = (session.participants ?? []).filter(
      ({ role, entityId }) => role !== participant.role || entityId !== participant.entityId,
    )
    const changed = { ...session, participants: [...others, participant] }
    this.#sql.exec('UPDATE sessions SET session = ? WHERE id = ?', JSON.stringify(changed), id)
    this.#index(id, participant)
  }

  /** The live sessions in which a partner knows somebody under this name. */
  participating(role: Participant['role'], entityId: string, nameId: string, now: number): SessionListing[] {
    return this.#sql
      .exec<Row>(
        `SELECT sessions.* FROM participants JOIN sessions ON sessions.id = session_id
         WHERE role = ? AND entity_id = ? AND name_id = ? AND expires_at > ?`,
        role,
        entityId,
        nameId,
        now,
      )
      .toArray()
      .map((row) => ({ ...sessionOf(row), id: row.id }))
      .filter(({ participants }) =>
        participants?.some((each) => each.role === role && each.entityId === entityId && each.nameId.value === nameId),
      )
  }

  /** Forgets a client in every session of a person, so that consent is asked again. */
  forgetClient(sub: string, clientId: string): void {
    for (const row of this.#sql.exec<Row>('SELECT * FROM sessions WHERE sub = ?', sub).toArray()) {
      const session = sessionOf(row)
      const { [clientId]: _, ...clients } = session.clients
      this.#sql.exec('UPDATE sessions SET session = ? WHERE id = ?', JSON.stringify({ ...session, clients }), row.id)
    }
  }

  /** Ends a session, only if it belongs to `sub` where that is given. Answers its `sid`. */
  end(id: string, sub?: string): string | undefined {
    return this.#sql
      .exec<{ sid: string }>(
        'DELETE FROM sessions WHERE id = ?1 AND (?2 IS NULL OR sub = ?2) RETURNING sid',
        id,
        sub ?? null,
      )
      .toArray()[0]?.sid
  }

  /** Ends every session of a person but one; answers their `sid`s. */
  endAll(sub: string, except?: string): string[] {
    return this.#sql
      .exec<{ sid: string }>(
        'DELETE FROM sessions WHERE sub = ?1 AND (?2 IS NULL OR id <> ?2) RETURNING sid',
        sub,
        except ?? null,
      )
      .toArray()
      .map((row) => row.sid)
  }

  /** Ends every session of everyone, as a restore from a backup does. */
  clear(): void {
    this.#sql.exec('DELETE FROM sessions')
    this.#sql.exec('DELETE FROM participants')
  }

  list(sub: string, now: number): SessionListing[] {
    return this.#sql
      .exec<Row>('SELECT * FROM sessions WHERE sub = ? AND expires_at > ?', sub, now)
      .toArray()
      .map((row) => ({ ...sessionOf(row), id: row.id }))
  }

  override async alarm(): Promise<void> {
    this.#sql.exec('DELETE FROM sessions WHERE expires_at <= ?', Math.floor(Date.now() / 1000))
    this.#sql.exec('DELETE FROM participants WHERE session_id NOT IN (SELECT id FROM sessions)')
    await this.ctx.storage.setAlarm(Date.now() + sweepInterval)
  }

  #index(id: string, { role, entityId, nameId }: Participant): void {
    this.#sql.exec('INSERT OR IGNORE INTO participants VALUES (?, ?, ?, ?)', role, entityId, nameId.value, id)
  }

  #row(id: string, now: number): Row | undefined {
    return this.#sql.exec<Row>('SELECT * FROM sessions WHERE id = ? AND expires_at > ?', id, now).toArray()[0]
  }
}

function sessionOf(row: Row): Session {
  const session: Session = JSON.parse(row.session)
  return { ...session, lastSeenAt: row.last_seen_at }
}
