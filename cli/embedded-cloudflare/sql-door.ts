import { randomBytes } from 'node:crypto'
import * as v from 'valibot'

/** A statement and what its parameters are bound to. */
export interface SqlStatement {
  readonly sql: string
  readonly params: readonly unknown[]
}

const SqlAnswers = v.array(
  v.object({ results: v.array(v.record(v.string(), v.unknown())), success: v.boolean(), meta: v.unknown() }),
)

export type SqlAnswer = v.InferOutput<typeof SqlAnswers>[number]

/** The binding of a database in the Worker that has the door. */
export const databaseBinding = (id: string) => `database-${id}`

/** The entrypoint that a helper Worker has beside its own handler. */
export const sqlDoorEntrypoint = 'SqlDoor'

/** The binding that the entrypoint reads its secret from. */
export const sqlDoorSecret = 'SQL_DOOR_SECRET'

/** Where it listens. */
export const sqlDoorSocket = { host: '127.0.0.1', port: 0, entrypoint: sqlDoorEntrypoint } as const

/** What to add to the script of a Worker that binds the databases. */
export const sqlDoorScript = `
import { WorkerEntrypoint as SqlDoorBase } from 'cloudflare:workers'

export class ${sqlDoorEntrypoint} extends SqlDoorBase {
  async fetch(request) {
    if (request.headers.get('authorization') !== this.env.${sqlDoorSecret}) return new Response(null, { status: 403 })
    const { binding, statements } = await request.json()
    const database = this.env[binding]
    try {
      const bound = statements.map(({ sql, params }) => database.prepare(sql).bind(...params))
      return Response.json(await database.batch(bound))
    } catch (error) {
      return new Response(error.message, { status: 422 })
    }
  }
}
`

/**
 * The way into the databases of a running workerd: one request for each transaction. miniflare's own way starts a
 * thread and blocks this one for each call.
 */
export class SqlDoor {
  /** What its Worker is bound to, and no other program on this machine knows. */
  readonly secret = randomBytes(32).toString('base64url')
  #address: URL | undefined

  /** Says where the entrypoint listens, after each start of workerd. */
  opened(address: URL): void {
    this.#address = address
  }

  /**
   * Runs statements as one transaction.
   * @throws Error in D1's words.
   */
  async run(databaseId: string, statements: readonly SqlStatement[]): Promise<SqlAnswer[]> {
    if (!this.#address) throw new Error('workerd is not running')
    const response = await fetch(this.#address, {
      method: 'POST',
      // A connection does not outlive workerd, which may be started anew before the next request.
      headers: { authorization: this.secret, connection: 'close' },
      body: JSON.stringify({ binding: databaseBinding(databaseId), statements }),
    })
    if (!response.ok) throw new Error((await response.text()) || `the database answered ${response.status}`)
    return v.parse(SqlAnswers, await response.json())
  }
}
