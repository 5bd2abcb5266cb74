import * as v from 'valibot'
import { ok } from '../api/answer.ts'
import { ApiError, badRequest } from '../api/api-error.ts'
import type { Call } from '../api/call.ts'
import { parseJson } from '../api/call.ts'
import { type Endpoint, endpoint } from '../api/endpoint.ts'
import type { Cloud } from '../cloud.ts'
import { kvNamespaceOf } from './kv-namespaces.ts'

const bulkSchema = v.pipe(
  v.array(
    v.object({
      key: v.string(),
      value: v.string(),
      expiration: v.optional(v.number()),
      expiration_ttl: v.optional(v.number()),
      metadata: v.optional(v.unknown()),
      base64: v.optional(v.boolean(), false),
    }),
  ),
  v.maxLength(10_000),
)
const keysSchema = v.pipe(v.array(v.string()), v.maxLength(10_000))
const bulkGetSchema = v.object({
  keys: v.pipe(v.array(v.string()), v.maxLength(100)),
  type: v.optional(v.picklist(['text', 'json'])),
  withMetadata: v.optional(v.boolean()),
})

const MAX_VALUE = 25 * 1024 * 1024

/** Keys and values of a KV namespace. */
export function kvValueEndpoints({ runtime, ...rest }: Cloud): Endpoint[] {
  const cloud = { runtime, ...rest }
  const namespace = '/accounts/:account/storage/kv/namespaces/:namespace'
  const idOf = (call: Call) => kvNamespaceOf(cloud, call).namespace.id
  const put = (id: string, { key, value, metadata, expiration, expiration_ttl: ttl }: Entry) => {
    checkKey(key)
    if (value.byteLength > MAX_VALUE) throw new ApiError(413, 10025, 'Value exceeds 25 MiB.')
    if (ttl !== undefined && ttl < 60) throw badRequest('Invalid expiration_ttl: it must be at least 60.', 10033)
    return runtime.kv(id, (kv) =>
      kv.put(key, new Uint8Array(value), {
        ...(metadata !== undefined && { metadata }),
        ...(expiration !== undefined && { expiration }),
        ...(ttl !== undefined && { expirationTtl: ttl }),
      }),
    )
  }
  const remove = (id: string, keys: readonly string[]) =>
    runtime.kv(id, (kv) => Promise.all(keys.map((key) => kv.delete(key))))
  const removeBulk = async (call: Call) => {
    const keys = call.json(keysSchema)
    await remove(idOf(call), keys)
    return ok({ successful_key_count: keys.length, unsuccessful_keys: [] })
  }
  return [
    endpoint('GET', `${namespace}/keys`, 'Workers KV Storage Read', async (call) => {
      const { prefix, limit, cursor } = Object.fromEntries(call.query)
      const listed = await runtime.kv(idOf(call), (kv) =>
        kv.list({
          limit: limit === undefined ? 1000 : Number(limit),
          ...(prefix !== undefined && { prefix }),
          ...(cursor && { cursor }),
        }),
      )
      const next = 'cursor' in listed ? listed.cursor : ''
      return { result: listed.keys, resultInfo: { count: listed.keys.length, cursor: next } }
    }),
    endpoint('GET', `${namespace}/values/*key`, 'Workers KV Storage Read', async (call) => {
      const id = idOf(call)
      const value = await runtime.kv(id, (kv) => kv.get(call.param('key'), 'arrayBuffer'))
      if (value === null) throw keyNotFound()
      return { raw: new Uint8Array(value), contentType: 'application/octet-stream' }
    }),
    endpoint('PUT', `${namespace}/values/*key`, 'Workers KV Storage Write', async (call) => {
      const { expiration, expiration_ttl: ttl } = Object.fromEntries(call.query)
      await put(idOf(call), {
        key: call.param('key'),
        ...(await putBody(call)),
        ...(expiration !== undefined && { expiration: Number(expiration) }),
        ...(ttl !== undefined && { expiration_ttl: Number(ttl) }),
      })
      return ok(null)
    }),
    endpoint('DELETE', `${namespace}/values/*key`, 'Workers KV Storage Write', async (call) => {
      await remove(idOf(call), [call.param('key')])
      return ok(null)
    }),
    endpoint('GET', `${namespace}/metadata/*key`, 'Workers KV Storage Read', async (call) => {
      const found = await runtime.kv(idOf(call), (kv) => kv.getWithMetadata(call.param('key'), 'text'))
      if (found.value === null) throw keyNotFound()
      return ok(found.metadata)
    }),
    endpoint('PUT', `${namespace}/bulk`, 'Workers KV Storage Write', async (call) => {
      const id = idOf(call)
      const entries = call.json(bulkSchema)
      for (const { value, base64, ...entry } of entries) {
        await put(id, { ...entry, value: Buffer.from(value, base64 ? 'base64' : 'utf8') })
      }
      return ok({ successful_key_count: entries.length, unsuccessful_keys: [] })
    }),
    endpoint('DELETE', `${namespace}/bulk`, 'Workers KV Storage Write', removeBulk),
    endpoint('POST', `${namespace}/bulk/delete`, 'Workers KV Storage Write', removeBulk),
    endpoint('POST', `${namespace}/bulk/get`, 'Workers KV Storage Read', async (call) => {
      const { keys, type, withMetadata } = call.json(bulkGetSchema)
      const values = await runtime.kv(idOf(call), (kv) =>
        Promise.all(
          keys.map(async (key) => {
            const { value: text, metadata } = await kv.getWithMetadata(key, 'text')
            const value: unknown = text !== null && type === 'json' ? parseJson(text) : text
            return [key, withMetadata ? { value, metadata } : value] as const
          }),
        ),
      )
      return ok({ values: Object.fromEntries(values) })
    }),
  ]
}

interface Entry {
  readonly key: string
  readonly value: Buffer
  readonly metadata?: unknown
  readonly expiration?: number | undefined
  readonly expiration_ttl?: number | undefined
}

function checkKey(key: string): void {
  if (Buffer.byteLength(key) > 512) throw new ApiError(414, 10030, 'Key exceeds 512 bytes.')
  if (key === '' || key === '.' || key === '..') throw badRequest('Invalid key name.', 10011)
}

/** The value as the whole body, or as multipart with metadata. */
async function putBody(call: Call): Promise<{ value: Buffer; metadata?: unknown }> {
  if (!call.headers['content-type']?.startsWith('multipart/form-data')) return { value: call.body }
  const form = await call.form()
  const [value, metadata] = [form.get('value'), form.get('metadata')]
  if (value === null) throw badRequest('The multipart body has no value.')
  const bytes = typeof value === 'string' ? Buffer.from(value) : Buffer.from(await value.arrayBuffer())
  return { value: bytes, ...(typeof metadata === 'string' && { metadata: parseJson(metadata) }) }
}

function keyNotFound(): ApiError {
  return new ApiError(404, 10009, "get: 'key not found'")
}
