import { unavailable } from '../../protocol/error.ts'

/** What a person allowed a client. `tokens` are scopes, and resources as `resource=<uri>`. */
export interface Consent {
  readonly clientId: string
  readonly tokens: readonly string[]
  /** Seconds. */
  readonly grantedAt: number
}

type Row = { client_id: string; scope: string; resources: string; granted_at: number }

/** Consents, one row for each person and client. Guarantee: what was granted or withdrawn is read at once. */
export class D1Consents {
  readonly #db: D1Database

  constructor(db: D1Database) {
    this.#db = db
  }

  async find(sub: string, clientId: string): Promise<Consent | undefined> {
    const statement = this.#db.prepare('SELECT * FROM consents WHERE sub = ? AND client_id = ?').bind(sub, clientId)
    const row = await reachable(statement.first<Row>())
    return row ? consentOf(row) : undefined
  }

  async list(sub: string): Promise<Consent[]> {
    const statement = this.#db.prepare('SELECT * FROM consents WHERE sub = ? ORDER BY granted_at DESC').bind(sub)
    return (await reachable(statement.all<Row>())).results.map(consentOf)
  }

  async grant(sub: string, consent: Consent): Promise<void> {
    const scopes = consent.tokens.filter((token) => !isResourceToken(token))
    const resources = consent.tokens.filter(isResourceToken)
    await reachable(
      this.#db
        .prepare(
          'INSERT OR REPLACE INTO consents (sub, client_id, scope, resources, granted_at) VALUES (?, ?, ?, ?, ?)',
        )
        .bind(sub, consent.clientId, scopes.join(' '), JSON.stringify(resources), consent.grantedAt)
        .run(),
    )
  }

  async withdraw(sub: string, clientId: string): Promise<void> {
    await reachable(this.#db.prepare('DELETE FROM consents WHERE sub = ? AND client_id = ?').bind(sub, clientId).run())
  }
}

const resourcePrefix = 'resource='

export function resourceToken(resource: string): string {
  return `${resourcePrefix}${resource}`
}

function isResourceToken(token: string): boolean {
  return token.startsWith(resourcePrefix)
}

function consentOf(row: Row): Consent {
  const resources: string[] = JSON.parse(row.resources)
  const scopes = row.scope.split(' ').filter(Boolean)
  return { clientId: row.client_id, tokens: [...scopes, ...resources], grantedAt: row.granted_at }
}

async function reachable<T>(query: Promise<T>): Promise<T> {
  try {
    return await query
  } catch (error) {
    throw unavailable(error)
  }
}
