import * as v from 'valibot'
import { ok } from '../api/answer.ts'
import { ApiError } from '../api/api-error.ts'
import type { Call } from '../api/call.ts'
import { type Endpoint, endpoint } from '../api/endpoint.ts'
import { pagedAnswer } from '../api/paging.ts'
import { accountOf, type Cloud } from '../cloud.ts'
import type { Account, D1Database } from '../state/account.ts'
import { newUuid } from '../state/identifier.ts'
import { d1Import } from './d1-import.ts'
import type { SqlAnswer } from '../sql-door.ts'
import { runSql, statementSchema } from './d1-sql.ts'

const createSchema = v.object({
  name: v.pipe(v.string(), v.regex(/^[\w-]{1,64}$/, 'Database name must be letters, digits, _ and -.')),
  primary_location_hint: v.optional(v.nullable(v.string())),
})
const querySchema = v.union([statementSchema, v.object({ batch: v.array(statementSchema) })])

/** The database of a path, which wrangler may also call by its name. */
function databaseOf(cloud: Cloud, call: Call): { account: Account; database: D1Database } {
  const account = accountOf(cloud, call)
  const id = call.param('database')
  const database = account.d1Databases.find(({ uuid, name }) => uuid === id || name === id)
  if (!database) throw new ApiError(404, 7404, `The database ${id} could not be found`)
  return { account, database }
}

/** D1 databases of an account. */
export function d1Endpoints(cloud: Cloud): Endpoint[] {
  const path = '/accounts/:account/d1/database'
  const query = async (call: Call) => {
    const { database } = databaseOf(cloud, call)
    const body = call.json(querySchema)
    const statements = 'batch' in body ? body.batch : [body]
    return runSql(cloud.runtime, database.uuid, statements)
  }
  return [
    endpoint('GET', path, 'D1 Read', (call) => {
      const name = call.query.get('name')
      const databases = accountOf(cloud, call).d1Databases.filter((one) => name === null || one.name === name)
      return pagedAnswer(databases.map(shown), call.query, 1000)
    }),
    endpoint('POST', path, 'D1 Write', (call) => {
      const account = accountOf(cloud, call)
      const { name, primary_location_hint: location } = call.json(createSchema)
      if (account.d1Databases.some((other) => other.name === name)) {
        throw new ApiError(400, 7502, `Database with name '${name}' already exists`)
      }
      const createdAt = new Date().toISOString()
      const database: D1Database = { uuid: newUuid(), name, createdAt, ...(location && { location }) }
      account.d1Databases.push(database)
      cloud.store.save()
      return ok(shown(database))
    }),
    endpoint('GET', `${path}/:database`, 'D1 Read', async (call) => {
      const { database } = databaseOf(cloud, call)
      const sql =
        "SELECT count(*) AS tables FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'"
      const [counted] = await runSql(cloud.runtime, database.uuid, [{ sql, params: [] }])
      return ok({ ...shown(database), num_tables: counted?.results[0]?.['tables'], running_in_region: 'WEUR' })
    }),
    endpoint('DELETE', `${path}/:database`, 'D1 Write', (call) => {
      const { account, database } = databaseOf(cloud, call)
      account.d1Databases.splice(account.d1Databases.indexOf(database), 1)
      cloud.store.save()
      return ok(null)
    }),
    endpoint('POST', `${path}/:database/query`, 'D1 Write', async (call) => ok(await query(call))),
    endpoint('POST', `${path}/:database/raw`, 'D1 Write', async (call) => ok((await query(call)).map(asRaw))),
    endpoint('POST', `${path}/:database/import`, 'D1 Write', async (call) => {
      const { database } = databaseOf(cloud, call)
      return ok(await d1Import(cloud, database.uuid, call))
    }),
  ]
}

function shown({ uuid, name, createdAt }: D1Database) {
  return { uuid, name, version: 'production', created_at: createdAt, read_replication: { mode: 'disabled' } }
}

function asRaw({ results, ...rest }: SqlAnswer) {
  const columns = Object.keys(results[0] ?? {})
  return { ...rest, results: { columns, rows: results.map((row) => columns.map((column) => row[column])) } }
}
