/** Who did what to whom, and how it ended. */
export interface AuditEvent {
  /** Milliseconds since the epoch. */
  readonly time: number
  /** A person's subject, an operator's key id, or a client. */
  readonly actor: string
  readonly action: string
  readonly target: string
  readonly outcome: string
  readonly requestId: string
}

/** The audit table. Rows are only ever added. */
export class AuditLog {
  readonly #db: D1Database

  constructor(db: D1Database) {
    this.#db = db
  }

  /** The statement that adds a row, for a batch with the change it tells of. */
  statement(event: AuditEvent): D1PreparedStatement {
    return this.#db
      .prepare('INSERT INTO audit (time, actor, action, target, outcome, request_id) VALUES (?, ?, ?, ?, ?, ?)')
      .bind(event.time, event.actor, event.action, event.target, event.outcome, event.requestId)
  }

  async record(event: AuditEvent): Promise<void> {
    await this.statement(event).run()
  }

  /** The latest events about somebody, newest first. */
  async about(target: string, limit: number): Promise<AuditEvent[]> {
    const rows = await this.#db
      .prepare('SELECT * FROM audit WHERE target = ? ORDER BY time DESC LIMIT ?')
      .bind(target, limit)
      .all<{ time: number; actor: string; action: string; target: string; outcome: string; request_id: string }>()
    return rows.results.map(({ request_id, ...row }) => ({ ...row, requestId: request_id }))
  }
}
