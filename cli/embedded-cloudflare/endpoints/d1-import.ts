import { createHash } from 'node:crypto'
import * as v from 'valibot'
import { ApiError, badRequest } from '../api/api-error.ts'
import type { Call } from '../api/call.ts'
import type { Cloud } from '../cloud.ts'
import { newUuid } from '../state/identifier.ts'
import { runSql } from './d1-sql.ts'

const importSchema = v.variant('action', [
  v.object({ action: v.literal('init'), etag: v.string() }),
  v.object({ action: v.literal('ingest'), filename: v.string(), etag: v.string() }),
  v.object({ action: v.literal('poll'), current_bookmark: v.string() }),
])

/** Files on their way into a database, by the name their upload address ends in. */
const uploads = new Map<string, Buffer>()

/** The steps of `d1 execute --file`: an address to upload to, then running what was uploaded. */
export async function d1Import({ runtime, socketOrigin }: Cloud, uuid: string, call: Call): Promise<unknown> {
  const body = call.json(importSchema)
  if (body.action === 'init') {
    const filename = `${newUuid()}.sql`
    uploads.set(filename, Buffer.alloc(0))
    return {
      success: true,
      type: 'import',
      filename,
      upload_url: `${socketOrigin().replace(/^ws/, 'http')}/d1-upload/${filename}`,
    }
  }
  if (body.action === 'poll') throw badRequest('This import is not running any more.')
  const file = uploads.get(body.filename)
  uploads.delete(body.filename)
  if (!file || md5(file) !== body.etag.replaceAll('"', '')) throw new ApiError(400, 7400, 'The file was not uploaded.')
  const results = await runSql(runtime, uuid, [{ sql: file.toString('utf8'), params: [] }])
  return {
    success: true,
    type: 'import',
    status: 'complete',
    at_bookmark: newUuid(),
    messages: [],
    result: { num_queries: results.length, final_bookmark: newUuid(), meta: results.at(-1)?.meta },
  }
}

/** Takes a file at its upload address; the ETag to answer, or undefined where no upload was announced. */
export function takeUpload(path: string, body: Buffer): string | undefined {
  const filename = /^\/d1-upload\/([\w-]+\.sql)$/.exec(path)?.[1]
  if (filename === undefined || !uploads.has(filename)) return undefined
  uploads.set(filename, body)
  return `"${md5(body)}"`
}

function md5(data: Buffer): string {
  return createHash('md5').update(data).digest('hex')
}
