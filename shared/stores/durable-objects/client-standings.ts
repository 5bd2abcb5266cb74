/** What a caller knows of the client, so that a stopped client or a changed secret counts at once. */
export interface ClientKnowledge {
  readonly clientId: string
  /** `Client.revision` of the record the caller worked with. */
  readonly revision: number
}

/** The newest that was announced of each client. A table of GrantLedger. */
export class ClientStandings {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(`CREATE TABLE IF NOT EXISTS clients (
      client_id TEXT PRIMARY KEY, revision INTEGER NOT NULL, stopped INTEGER NOT NULL) WITHOUT ROWID`)
  }

  /** Makes a client's change known; an older announcement that comes late changes nothing. */
  announce({ clientId, revision }: ClientKnowledge, stopped: boolean): void {
    this.#sql.exec(
      `INSERT INTO clients VALUES (?, ?, ?) ON CONFLICT (client_id) DO UPDATE
       SET revision = excluded.revision, stopped = excluded.stopped WHERE excluded.revision >= revision`,
      clientId,
      revision,
      stopped ? 1 : 0,
    )
  }

  refusal({ clientId, revision }: ClientKnowledge): 'stale' | 'stopped' | undefined {
    const known = this.#sql
      .exec<{ revision: number; stopped: number }>(
        'SELECT revision, stopped FROM clients WHERE client_id = ?',
        clientId,
      )
      .toArray()[0]
    if (!known) return undefined
    if (known.stopped) return 'stopped'
    return known.revision > revision ? 'stale' : undefined
  }

  isStopped(clientId: string): boolean {
    return this.#sql.exec('SELECT 1 FROM clients WHERE client_id = ? AND stopped = 1', clientId).toArray().length > 0
  }
}
