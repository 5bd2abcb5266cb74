import type { D1Database, D1PreparedStatement } from '@cloudflare/workers-types'
import { answered } from './answered.ts'
import { type AuditEvent, auditInsert, auditValues } from './audit-log.ts'

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

/** The audit log as the admin API keeps and reads it. Guarantee: a change and its event are stored together or not at all. */
export class AuditTrail {
  readonly #db: D1Database

  constructor(db: D1Database) {
    this.#db = db
  }

  /** Records an event; the id under which its outcome can be settled. */
  async record(event: AuditEvent): Promise<number> {
    const statement = this.#db.prepare(`${auditInsert} RETURNING id`)
    return (await answered(statement.bind(...auditValues(event)).first<number>('id'))) ?? 0
  }

  /** Says how an event that was recorded before it happened ended. */
  async settle(id: number, outcome: string): Promise<void> {
    await answered(this.#db.prepare('UPDATE audit SET outcome = ? WHERE id = ?').bind(outcome, id).run())
  }

  /** Records the event in the same transaction as the statement before it, if that statement changed a row. */
  withChange(event: AuditEvent): D1PreparedStatement {
    return this.#db
      .prepare(auditInsert.replace(/VALUES \((.*)\)/, 'SELECT $1 WHERE changes() > 0'))
      .bind(...auditValues(event))
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
}

function entryOf({ request_id, ...row }: Row): AuditEntry {
  return { ...row, requestId: request_id }
}
