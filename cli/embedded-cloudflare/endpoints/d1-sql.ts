import type { D1Database } from '@cloudflare/workers-types'
import * as v from 'valibot'
import { ApiError } from '../api/api-error.ts'
import { sqlStatements } from './sql-statements.ts'

export const statementSchema = v.object({
  sql: v.string(),
  params: v.optional(v.array(v.union([v.string(), v.number(), v.boolean(), v.null()])), []),
})

export interface SqlResult {
  readonly results: readonly Record<string, unknown>[]
  readonly success: boolean
  readonly meta: unknown
}

const MAX_STATEMENT = 100_000

/** Runs SQL as D1 does: each `sql` may hold several statements, and all of them together are one transaction. */
export async function runSql(
  d1: Pick<D1Database, 'prepare' | 'batch'>,
  statements: readonly v.InferOutput<typeof statementSchema>[],
): Promise<SqlResult[]> {
  const prepared = []
  for (const { sql, params } of statements) {
    const parts = sqlStatements(sql)
    if (parts.length === 0) throw new ApiError(400, 7500, 'The request is malformed: No SQL statements detected.')
    if (parts.length > 1 && params.length > 0) {
      throw new ApiError(400, 7500, 'A prepared SQL statement must contain only one statement.')
    }
    for (const part of parts) {
      if (Buffer.byteLength(part) > MAX_STATEMENT) throw new ApiError(400, 7500, 'statement too long: SQLITE_TOOBIG')
      prepared.push(d1.prepare(part).bind(...params))
    }
  }
  try {
    const answers = await d1.batch<Record<string, unknown>>(prepared)
    return answers.map(({ results, success, meta }) => ({ results, success, meta }))
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new ApiError(400, 7500, message.replace(/^D1_ERROR: /, ''))
  }
}
