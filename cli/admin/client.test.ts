import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { calculateJwkThumbprint, importJWK, jwtVerify } from 'jose'
import * as v from 'valibot'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { CliError } from '../error.ts'
import { AdminClient } from './client.ts'
import { ensureOperatorKey, findOperatorKey, operatorKeyFile, type OperatorKey } from './operator-key.ts'

interface Seen {
  readonly request: IncomingMessage
  readonly body: string
}

const folder = mkdtempSync(join(tmpdir(), 'authrim-admin-'))
const seen: Seen[] = []
let answers: { status: number; body?: string; headers?: Record<string, string> }[] = []
let server: Server
let issuer: string
let key: OperatorKey
const lines: string[] = []
let client: AdminClient

beforeAll(async () => {
  server = createServer(async (request, response) => {
    seen.push({ request, body: await text(request) })
    const { status, body = '', headers } = answers.shift() ?? { status: 500 }
    response.writeHead(status, headers).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  issuer = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  key = await ensureOperatorKey(folder)
  client = new AdminClient({ issuer, key, onRequest: (line) => lines.push(line) })
})

afterEach(() => {
  seen.length = 0
  lines.length = 0
  answers = []
})

afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => (error instanceof CliError ? error : undefined),
  )

describe('the admin client', () => {
  test('a request carries a token for exactly this method, path, query and body', async () => {
    answers = [{ status: 201, body: '{"user":{}}' }]
    await client.post('/users?x=1', { email: 'ada@example.com' }, v.unknown())
    const [{ request, body } = expect.fail('no request')] = seen
    const token = request.headers.authorization?.replace('Bearer ', '') ?? ''
    const { payload, protectedHeader } = await jwtVerify(token, await importJWK(key.publicJwk, 'EdDSA'), {
      issuer: key.kid,
      audience: issuer,
      typ: 'authrim-operator+jwt',
    })
    expect(protectedHeader).toEqual({
      alg: 'EdDSA',
      typ: 'authrim-operator+jwt',
      kid: await calculateJwkThumbprint(key.publicJwk),
    })
    expect(payload).toMatchObject({
      htm: 'POST',
      htu: '/admin/v1/users?x=1',
      body: createHash('sha256').update(body).digest('base64url'),
      jti: expect.any(String),
    })
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(60)
    expect(request.headers['content-type']).toBe('application/json')
    expect(JSON.parse(body)).toEqual({ email: 'ada@example.com' })
  })

  test('503 and 429 are repeated when the server says, each time with a new token', async () => {
    answers = [
      { status: 503, body: '{"error":"temporarily_unavailable"}', headers: { 'retry-after': '0' } },
      { status: 429, body: '{"error":"temporarily_unavailable"}', headers: { 'retry-after': '0' } },
      { status: 200, body: '{"ok":true}' },
    ]
    expect(await client.get('/keys', v.object({ ok: v.boolean() }))).toEqual({ ok: true })
    expect(new Set(seen.map(({ request }) => request.headers.authorization)).size).toBe(3)
  })

  test.each([
    [401, 'invalid_token', 6],
    [403, 'invalid_token', 6],
    [404, 'not_found', 1],
    [409, 'already_exists', 1],
    [400, 'invalid_redirect_uri', 2],
    [500, 'server_error', 1],
  ])('%i %s ends with status %i and the code of the API', async (status, error, exitCode) => {
    answers = [{ status, body: JSON.stringify({ error, error_description: 'said so' }) }]
    expect(await failure(client.get('/x', v.unknown()))).toMatchObject({ code: error, exitCode, message: 'Said so.' })
  })

  test('an answer that is no JSON of ours is said to be so, without its text', async () => {
    answers = [{ status: 502, body: '<html>secret</html>' }]
    const error = await failure(client.get('/x', v.unknown()))
    expect(error).toMatchObject({ code: 'unexpected_answer', exitCode: 1 })
    expect(error?.message).not.toContain('secret')
  })

  test('an answer of another shape names the member', async () => {
    answers = [{ status: 200, body: '{"keys":7}' }]
    expect((await failure(client.get('/keys', v.object({ keys: v.array(v.string()) }))))?.message).toContain('keys')
  })

  test('nobody listening is status 1, with the command that starts it', async () => {
    const nobody = new AdminClient({ issuer: 'http://127.0.0.1:9', key, local: true })
    expect(await failure(nobody.get('/keys', v.unknown()))).toMatchObject({
      exitCode: 1,
      hint: 'Start it with: authrim dev',
    })
  })

  test('--verbose shows method, path, status and time, never the token or the body (attack K3)', async () => {
    answers = [{ status: 200, body: '{"client_secret":"shh"}' }]
    await client.post('/clients', { client_secret: 'hush-hush' }, v.unknown())
    expect(lines).toEqual([expect.stringMatching(/^POST \/admin\/v1\/clients 200 \d+ ms$/)])
  })
})

describe('the operator key', () => {
  test('it is made once, readable by this user only (attack K3)', async () => {
    expect(statSync(operatorKeyFile(folder)).mode & 0o777).toBe(0o600)
    expect((await ensureOperatorKey(folder)).kid).toBe(key.kid)
  })

  test('AUTHRIM_OPERATOR_KEY precedes the file', async () => {
    const other = await ensureOperatorKey(join(folder, 'other'))
    const { readFileSync } = await import('node:fs')
    const found = await findOperatorKey(folder, {
      AUTHRIM_OPERATOR_KEY: readFileSync(operatorKeyFile(join(folder, 'other')), 'utf8'),
    })
    expect(found.kid).toBe(other.kid)
  })

  test('without one the command is not authorised, status 6', async () => {
    expect(await failure(findOperatorKey(join(folder, 'none'), {}))).toMatchObject({ exitCode: 6 })
  })

  test('a broken one is refused without showing it', async () => {
    const path = join(folder, 'broken')
    await ensureOperatorKey(path)
    writeFileSync(operatorKeyFile(path), '{"kty":"OKP","crv":"Ed25519","x":"AA","d":"s3cret"}')
    const error = await failure(findOperatorKey(path, {}))
    expect(error?.exitCode).toBe(2)
    expect(error?.message).not.toContain('s3cret')
  })
})
