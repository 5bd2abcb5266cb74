import { answered } from './answered.ts'

/** Who did what. No secrets: the target is an identifier, never a value. */
export interface AuditEvent {
  /** Milliseconds since the epoch. */
  readonly time: number
  /** Key id of an operator, `sub` of a person or `client_id` of a client. */
  readonly actor: string
  readonly action: string
  readonly target: string
  /** `done`, `refused` or the code of the error. */
  readonly outcome: string
  readonly requestId: string
}

export interface AuditEntry extends AuditEvent {
  readonly id: number
}

type Row = {
  id: number
  time: number
  actor: string
  action: string
  target: string
  outcome: string
  request_id: string
}

const columns = '(time, actor, action, target, outcome, request_id)'

/** The audit log. Guarantee: what was recorded stays, in the order it was recorded. */
export class AuditLog {
  readonly #db: D1Database

  constructor(db: D1Database) {
    this.#db = db
  }

  /** Records an event; the id under which its outcome can be settled. */
  async record(event: AuditEvent): Promise<number> {
    const statement = this.#db.prepare(`INSERT INTO audit ${columns} VALUES (?, ?, ?, ?, ?, ?) RETURNING id`)
    return (await answered(statement.bind(...values(event)).first<number>('id'))) ?? 0
  }

  /** Says how an event that was recorded before it happened ended. */
  async settle(id: number, outcome: string): Promise<void> {
    await answered(this.#db.prepare('UPDATE audit SET outcome = ? WHERE id = ?').bind(outcome, id).run())
  }

  /** Records a person's doing. A log that cannot be reached does not keep people from signing in; the line says it. */
  async note(
    request: { readonly var: { readonly requestId: string } },
    event: Omit<AuditEvent, 'time' | 'requestId'>,
  ): Promise<void> {
    const whole = { ...event, time: Date.now(), requestId: request.var.requestId }
    try {
      await this.record(whole)
    } catch {
      console.error(JSON.stringify({ level: 'error', event: 'audit_failed', ...whole }))
    }
  }

  /** Records the event in the same transaction as the statement before it, if that statement changed a row. */
  withChange(event: AuditEvent): D1PreparedStatement {
    return this.#db
      .prepare(`INSERT INTO audit ${columns} SELECT ?, ?, ?, ?, ?, ? WHERE changes() > 0`)
      .bind(...values(event))
  }

  /** Newest first. */
  async list(of: {
    /** Milliseconds. */
    since: number | undefined
    actor: string | undefined
    /** Only entries older than this one. */
    before: number | undefined
    limit: number
  }): Promise<AuditEntry[]> {
    const statement = this.#db
      .prepare(
        `SELECT * FROM audit WHERE id < ?1 AND (?2 IS NULL OR time >= ?2) AND (?3 IS NULL OR actor = ?3)
         ORDER BY id DESC LIMIT ?4`,
      )
      .bind(of.before ?? Number.MAX_SAFE_INTEGER, of.since ?? null, of.actor ?? null, of.limit)
    return (await answered(statement.all<Row>())).results.map(entryOf)
  }

  /** The latest events about a person, newest first. */
  async about(target: string, limit: number): Promise<AuditEntry[]> {
    const statement = this.#db
      .prepare('SELECT * FROM audit WHERE target = ? ORDER BY time DESC LIMIT ?')
      .bind(target, limit)
    return (await answered(statement.all<Row>())).results.map(entryOf)
  }
}

function entryOf({ request_id, ...row }: Row): AuditEntry {
  return { ...row, requestId: request_id }
}

function values(event: AuditEvent): (string | number)[] {
  return [event.time, event.actor, event.action, event.target, event.outcome, event.requestId]
}
