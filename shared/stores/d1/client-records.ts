import { unavailable } from '../../protocol/error.ts'
import type { Client } from '../../protocol/client.ts'
import { type ClientRecords, parseClient } from '../clients.ts'

/** The clients table, for reading. */
export class D1ClientRecords implements ClientRecords {
  readonly #db: D1Database

  constructor(db: D1Database) {
    this.#db = db
  }

  async find(clientId: string): Promise<Client | undefined> {
    try {
      const statement = this.#db.prepare('SELECT record FROM clients WHERE client_id = ?').bind(clientId)
      return parseClient((await statement.first<string>('record')) ?? undefined)
    } catch (error) {
      throw unavailable(error)
    }
  }
}
