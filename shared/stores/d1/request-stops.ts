import { answered } from './answered.ts'

/** A client from which a person wants no requests for approval. */
export interface RequestStop {
  readonly clientId: string
  /** Seconds. */
  readonly stoppedAt: number
}

type Row = { client_id: string; stopped_at: number }

/** Clients whose requests people have stopped. Guarantee: a stop is read at once. */
export class D1RequestStops {
  readonly #db: D1Database

  constructor(db: D1Database) {
    this.#db = db
  }

  async isStopped(sub: string, clientId: string): Promise<boolean> {
    const statement = this.#db.prepare('SELECT 1 AS found FROM request_stops WHERE sub = ? AND client_id = ?')
    return (await answered(statement.bind(sub, clientId).first('found'))) !== null
  }

  async list(sub: string): Promise<RequestStop[]> {
    const statement = this.#db.prepare('SELECT * FROM request_stops WHERE sub = ? ORDER BY stopped_at DESC').bind(sub)
    const { results } = await answered(statement.all<Row>())
    return results.map((row) => ({ clientId: row.client_id, stoppedAt: row.stopped_at }))
  }

  async stop(sub: string, clientId: string, now: number): Promise<void> {
    const statement = this.#db.prepare(
      'INSERT OR IGNORE INTO request_stops (sub, client_id, stopped_at) VALUES (?, ?, ?)',
    )
    await answered(statement.bind(sub, clientId, now).run())
  }

  async resume(sub: string, clientId: string): Promise<void> {
    const statement = this.#db.prepare('DELETE FROM request_stops WHERE sub = ? AND client_id = ?').bind(sub, clientId)
    await answered(statement.run())
  }
}
