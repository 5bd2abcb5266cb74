import * as v from 'valibot'
import { ApiError } from '../api/api-error.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { SqlAnswer, SqlStatement } from '../sql-door.ts'
import { sqlStatements } from './sql-statements.ts'

export const statementSchema = v.object({
  sql: v.string(),
  params: v.optional(v.array(v.union([v.string(), v.number(), v.boolean(), v.null()])), []),
})

const MAX_STATEMENT = 100_000

/** Runs SQL as D1 does: each `sql` may hold several statements, and all of them together are one transaction. */
export async function runSql(
  runtime: Runtime,
  databaseId: string,
  statements: readonly v.InferOutput<typeof statementSchema>[],
): Promise<SqlAnswer[]> {
  const single: SqlStatement[] = []
  for (const { sql, params } of statements) {
    const parts = sqlStatements(sql)
    if (parts.length === 0) throw new ApiError(400, 7500, 'The request is malformed: No SQL statements detected.')
    if (parts.length > 1 && params.length > 0) {
      throw new ApiError(400, 7500, 'A prepared SQL statement must contain only one statement.')
    }
    for (const part of parts) {
      if (Buffer.byteLength(part) > MAX_STATEMENT) throw new ApiError(400, 7500, 'statement too long: SQLITE_TOOBIG')
      single.push({ sql: part, params })
    }
  }
  try {
    return await runtime.sql(databaseId, single)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new ApiError(400, 7500, message.replace(/^D1_ERROR: /, ''))
  }
}
