import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Miniflare } from 'miniflare'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { edgeName } from './edge.ts'
import { miniflareOptions } from './options.ts'
import { SqlDoor, sqlDoorEntrypoint } from './sql-door.ts'

const folder = mkdtempSync(join(tmpdir(), 'authrim-door-'))
const door = new SqlDoor()
let miniflare: Miniflare
let address: URL

beforeAll(async () => {
  const worker = {
    name: 'user',
    script: 'export default { fetch: () => new Response() }',
    compatibilityDate: '2026-11-01',
    compatibilityFlags: [],
    bindings: { DB: { type: 'd1', id: 'people' } },
    objects: [],
    entrypoints: [],
  } as const
  miniflare = new Miniflare(
    miniflareOptions({ workers: [worker], routes: [], listeners: [], persistence: folder }, door),
  )
  address = await miniflare.unsafeGetDirectURL(edgeName, sqlDoorEntrypoint)
  door.opened(address)
})

afterAll(async () => {
  await miniflare.dispose()
  rmSync(folder, { recursive: true })
})

test('who lacks the secret of this start gets nothing', async () => {
  const body = JSON.stringify({ binding: 'database-people', statements: [{ sql: 'SELECT 1', params: [] }] })
  expect((await fetch(address, { method: 'POST', body })).status).toBe(403)
  const stranger = new SqlDoor()
  stranger.opened(address)
  await expect(stranger.run('people', [{ sql: 'SELECT 1', params: [] }])).rejects.toThrow('403')
})

test('statements are one transaction, and an error is in D1’s words', async () => {
  const create = { sql: 'CREATE TABLE people (name TEXT)', params: [] }
  await expect(door.run('people', [create, { sql: 'SELECT * FROM nowhere', params: [] }])).rejects.toThrow(
    /D1_ERROR: no such table: nowhere/,
  )
  const [, , answer] = await door.run('people', [
    create,
    { sql: 'INSERT INTO people VALUES (?), (?)', params: ['Ada; or not', null] },
    { sql: 'SELECT name FROM people', params: [] },
  ])
  expect(answer?.results).toEqual([{ name: 'Ada; or not' }, { name: null }])
})
