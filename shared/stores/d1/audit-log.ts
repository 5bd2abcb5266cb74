import type { D1Database } from '@cloudflare/workers-types'
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

/** The audit log as those see it who only add to it and show a person their own events. */
export class AuditLog {
  readonly #db: D1Database

  constructor(db: D1Database) {
    this.#db = db
  }

  /** Guarantee: what was recorded stays, in the order it was recorded. */
  async record(event: AuditEvent): Promise<void> {
    await answered(
      this.#db
        .prepare(auditInsert)
        .bind(...auditValues(event))
        .run(),
    )
  }

  /** The latest events about a person, newest first. */
  async about(target: string, limit: number): Promise<Pick<AuditEvent, 'time' | 'action'>[]> {
    const statement = this.#db
      .prepare('SELECT time, action FROM audit WHERE target = ? ORDER BY time DESC LIMIT ?')
      .bind(target, limit)
    return (await answered(statement.all<Pick<AuditEvent, 'time' | 'action'>>())).results
  }
}

export const auditInsert =
  'INSERT INTO audit (time, actor, action, target, outcome, request_id) VALUES (?, ?, ?, ?, ?, ?)'

export function auditValues(event: AuditEvent): (string | number)[] {
  return [event.time, event.actor, event.action, event.target, event.outcome, event.requestId]
}
