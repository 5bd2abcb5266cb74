import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ensureOperatorKey } from '../../cli/admin/operator-key.ts'
import { commandScript } from '../support/command.ts'

/** The command as a process, against an admin API that answers what a test says. */
const folder = mkdtempSync(join(tmpdir(), 'authrim-commands-'))
let server: Server
let answers: Record<string, { status?: number; body?: unknown }> = {}
let requests: { call: string; body: unknown }[] = []

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const call = `${request.method} ${request.url?.replace('/admin/v1', '')}`
    const body = await text(request)
    requests.push({ call, body: body === '' ? undefined : JSON.parse(body) })
    const answer = answers[call] ?? { status: 404, body: { error: 'not_found', error_description: `no ${call}` } }
    response.writeHead(answer.status ?? 200).end(answer.body === undefined ? '' : JSON.stringify(answer.body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const issuer = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  const project = { name: 'test', defaultEnvironment: 'here', environments: { here: { issuer } } }
  writeFileSync(join(folder, 'authrim.json'), JSON.stringify(project))
  await ensureOperatorKey(join(folder, '.authrim/here'))
})

beforeEach(() => {
  answers = {}
  requests = []
})

afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

interface Result {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

async function authrim(
  args: readonly string[],
  { input = '', env = {} }: { input?: string; env?: NodeJS.ProcessEnv } = {},
) {
  const child = spawn(process.execPath, [commandScript, ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'], ...env },
  })
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const [out, err, status] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { status, out, err } satisfies Result
}

const json = ({ out }: Result): unknown => JSON.parse(out)
const user = {
  sub: 's1',
  username: null,
  email: 'ada@example.com',
  emailVerified: false,
  disabled: false,
  createdAt: '2026-11-24T00:00:00.000Z',
}

describe('users', () => {
  test('create answers what scripts rely on, and takes the password from standard input (attack K3)', async () => {
    answers = {
      'POST /users': { status: 201, body: { user: { ...user, updatedAt: 'x', claims: {}, hasPassword: true } } },
    }
    const result = await authrim(
      ['users', 'create', '--email', 'ada@example.com', '--name', 'Ada', '--password-file', '-', '--json', '--verbose'],
      { input: 'correct horse\n' },
    )
    expect(result.status).toBe(0)
    expect(json(result)).toEqual({ user })
    expect(requests).toEqual([
      { call: 'POST /users', body: { email: 'ada@example.com', name: 'Ada', password: 'correct horse' } },
    ])
    expect(result.err).toMatch(/^ {2}POST \/admin\/v1\/users 201 \d+ ms\n$/)
  })

  test('create of who exists is status 1 and already_exists, unless --if-missing', async () => {
    answers = {
      'POST /users': { status: 409, body: { error: 'already_exists', error_description: 'There is one.' } },
      'GET /users/ada%40example.com': { body: { user } },
    }
    const args = ['users', 'create', '--email', 'ada@example.com', '--json']
    const refused = await authrim(args)
    expect([refused.status, json(refused)]).toEqual([
      1,
      {
        error: {
          code: 'already_exists',
          message: 'There is one.',
          hint: expect.stringContaining('--if-missing'),
          details: { status: 409 },
        },
      },
    ])
    const found = await authrim([...args, '--if-missing'])
    expect([found.status, json(found)]).toEqual([0, { user }])
  })

  test('without a terminal a missing answer is status 2 and names its option', async () => {
    const result = await authrim(['users', 'create'])
    expect([result.status, result.out]).toEqual([2, ''])
    expect(result.err).toContain('--email')
  })

  test('delete wants the environment’s name; --yes is not enough', async () => {
    answers = { 'DELETE /users/ada': { status: 204 } }
    const unsure = await authrim(['users', 'delete', 'ada', '--yes'])
    expect(unsure.status).toBe(2)
    expect(unsure.err).toContain('--confirm here')
    expect((await authrim(['users', 'delete', 'ada', '--confirm', 'there'])).status).toBe(2)
    expect(requests).toEqual([])
    expect((await authrim(['users', 'delete', 'ada', '--confirm', 'here'])).status).toBe(0)
  })

  test('update sends only what changes', async () => {
    answers = { 'PATCH /users/ada': { body: { user } } }
    await authrim([
      'users',
      'update',
      'ada',
      '--no-verified',
      '--claim',
      'address={"country":"UK"}',
      '--claim',
      'birthdate=1815',
      '--unset',
      'gender',
    ])
    expect(requests[0]?.body).toEqual({
      emailVerified: false,
      claims: { address: { country: 'UK' }, birthdate: '1815', gender: null },
    })
  })

  test('import sends batches of 100 and reports who was skipped', async () => {
    answers = { 'POST /imports/users': { body: { imported: 60, skipped: [{ email: 'b', reason: 'exists' }] } } }
    const lines = Array.from({ length: 150 }, (_, i) => JSON.stringify({ email: `p${i}@example.com` })).join('\n')
    const result = await authrim(['users', 'import', '-', '--json'], { input: lines })
    expect(json(result)).toEqual({
      imported: 120,
      skipped: [
        { email: 'b', reason: 'exists' },
        { email: 'b', reason: 'exists' },
      ],
    })
    expect(requests).toHaveLength(2)
  })

  test('import sends nothing when a line is wrong', async () => {
    const result = await authrim(['users', 'import', '-'], { input: '{"email":"a@example.com"}\n{"email":' })
    expect([result.status, requests]).toEqual([2, []])
    expect(result.err).toContain('Line 2')
  })

  test('import that fails part-way is status 4 and says how far it came', async () => {
    const lines = Array.from({ length: 101 }, (_, i) => JSON.stringify({ email: `p${i}@example.com` })).join('\n')
    answers = { 'POST /imports/users': { body: { imported: 100, skipped: [] } } }
    const first = answers
    answers = new Proxy(first, {
      get: (target, call: string) =>
        requests.length > 1 ? { status: 400, body: { error: 'invalid_request' } } : target[call],
    })
    const result = await authrim(['users', 'import', '-'], { input: lines })
    expect(result.status).toBe(4)
    expect(result.err).toContain('100 of 101')
  })
})

describe('clients', () => {
  const client = { client_id: 'shop', client_name: 'Shop\u001b[31m', disabled: false }

  test('create sends the preset and what options add', async () => {
    answers = { 'POST /clients': { status: 201, body: { client: { ...client, client_secret: 'once' } } } }
    const args = [
      '--type',
      'web',
      '--name',
      'Shop',
      '--redirect-uri',
      'https://a.example/cb',
      '--redirect-uri',
      'https://b.example/cb',
    ]
    const result = await authrim(['clients', 'create', ...args, '--id', 'shop', '--json'])
    expect(json(result)).toEqual({ client: { ...client, client_secret: 'once' } })
    expect(requests[0]?.body).toEqual({
      application_type: 'web',
      client_id: 'shop',
      client_name: 'Shop',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: ['https://a.example/cb', 'https://b.example/cb'],
      response_types: ['code'],
      scope: 'openid profile email offline_access',
      token_endpoint_auth_method: 'client_secret_basic',
    })
  })

  test('create --from takes RFC 7591 metadata as it is', async () => {
    answers = { 'POST /clients': { status: 201, body: { client } } }
    await authrim(['clients', 'create', '--from', '-'], {
      input: '{"redirect_uris":["https://a.example/cb"],"software_id":"x"}',
    })
    expect(requests[0]?.body).toEqual({ redirect_uris: ['https://a.example/cb'], software_id: 'x' })
  })

  test('a machine needs no redirect URI', async () => {
    answers = { 'POST /clients': { status: 201, body: { client } } }
    expect((await authrim(['clients', 'create', '--type', 'machine', '--name', 'Cron'])).status).toBe(0)
    expect(requests[0]?.body).toMatchObject({ grant_types: ['client_credentials'], redirect_uris: [] })
  })

  test('attack K4 list in a pipe is tab-separated, and names are stripped', async () => {
    answers = { 'GET /clients?search=sh&limit=2': { body: { clients: [client], nextCursor: 'c2' } } }
    const result = await authrim(['clients', 'list', '--search', 'sh', '--limit', '2'])
    expect(result.out).toBe('shop\tShop[31m\t\t\tactive\n')
    expect(result.err).toContain('--cursor c2')
  })

  test('what the API refuses to take is status 2', async () => {
    answers = {
      'PATCH /clients/shop': { status: 400, body: { error: 'invalid_redirect_uri', error_description: 'no' } },
    }
    expect((await authrim(['clients', 'update', 'shop', '--redirect-uri', 'javascript:x'])).status).toBe(2)
  })

  test('export writes a file that only this user reads, and import reads it', async () => {
    const exported = { clients: [{ ...client, secret_hashes: [{ hash: 'h' }] }] }
    answers = {
      'GET /exports/clients': { body: { clients: exported.clients, nextCursor: null } },
      'POST /imports/clients': { body: { imported: 1, updated: 0 } },
    }
    expect((await authrim(['clients', 'export', 'out.json'])).status).toBe(0)
    expect(statSync(join(folder, 'out.json')).mode & 0o777).toBe(0o600)
    expect(JSON.parse(readFileSync(join(folder, 'out.json'), 'utf8'))).toEqual(exported)
    expect(json(await authrim(['clients', 'import', 'out.json', '--json']))).toEqual({ imported: 1, updated: 0 })
    expect(requests.at(-1)?.body).toEqual(exported)
  })

  test('an identifier cannot reach another path', async () => {
    await authrim(['clients', 'show', '../users/ada?x'])
    expect(requests[0]?.call).toBe('GET /clients/..%2Fusers%2Fada%3Fx')
    expect((await authrim(['clients', 'show', '..'])).status).toBe(2)
  })
})

describe('keys, grants, operators, audit', () => {
  const rotation = { alg: 'ES256', retiring: null, current: 'a', next: 'b', effectiveAt: '2026-12-01T00:00:00.000Z' }

  test('keys rotate answers one rotation', async () => {
    answers = { 'POST /keys/rotate': { body: { rotations: [rotation] } } }
    const result = await authrim(['keys', 'rotate', '--alg', 'ES256', '--now', '--json'])
    expect([json(result), requests[0]?.body]).toEqual([{ rotation }, { alg: 'ES256', now: true }])
  })

  test('global options work before and after the command', async () => {
    answers = { 'GET /keys': { body: { keys: [], schedule: { days: 90, nextRotationAt: null } } } }
    for (const args of [
      ['--json', '--env', 'here', 'keys', 'list'],
      ['keys', 'list', '--env', 'here', '--json'],
    ]) {
      const result = await authrim(args)
      expect([result.status, json(result)]).toEqual([0, { keys: [], schedule: { days: 90, nextRotationAt: null } }])
    }
  })

  test('grants revoke by person and client', async () => {
    answers = { 'DELETE /grants?user=ada&client=shop': { body: { revoked: 2 } } }
    expect(json(await authrim(['grants', 'revoke', '--user', 'ada', '--client', 'shop', '--json']))).toEqual({
      revoked: 2,
    })
    expect((await authrim(['grants', 'revoke'])).status).toBe(2)
  })

  test('operators add sends the public half only', async () => {
    const operator = { kid: 'k', name: 'Grace', createdAt: null, expiresAt: null }
    answers = { 'POST /operators': { status: 201, body: { operator } } }
    const jwk = readFileSync(join(folder, '.authrim/here/operator.jwk'), 'utf8')
    const result = await authrim(['operators', 'add', '-', '--name', 'Grace', '--json'], { input: jwk })
    expect(json(result)).toEqual({ operator })
    expect(requests[0]?.body).toMatchObject({ name: 'Grace', publicKey: { kty: 'OKP', crv: 'Ed25519' } })
    expect(JSON.stringify(requests[0]?.body)).not.toContain('"d"')
  })

  test('audit takes a duration or a time', async () => {
    answers = new Proxy({}, { get: () => ({ body: { events: [], nextCursor: null } }) })
    await authrim(['audit', '--since', '24h'])
    const since = new URLSearchParams(requests[0]?.call.replace(/^.*\?/, '')).get('since') ?? ''
    expect(Math.abs(Date.now() - 86_400_000 - Date.parse(since))).toBeLessThan(10_000)
    expect((await authrim(['audit', '--since', 'tomorrow'])).status).toBe(2)
  })
})

describe('the command itself', () => {
  test('usage errors are status 2, in JSON where asked', async () => {
    expect((await authrim(['keyz'])).err).toContain('authrim keys')
    const result = await authrim(['keys', 'list', '--nonsense', '--json'])
    expect([result.status, json(result)]).toMatchObject([2, { error: { code: 'usage' } }])
  })

  test('attack K1 an environment’s name is no path', async () => {
    expect((await authrim(['--env', '../../etc', 'keys', 'list'])).status).toBe(2)
  })

  test('an impossible configuration is status 2 and says where', async () => {
    const broken = mkdtempSync(join(tmpdir(), 'authrim-broken-'))
    writeFileSync(
      join(broken, 'authrim.json'),
      '{"name":"x","defaultEnvironment":"a","environments":{"a":{"issuer":"http://example.com"}}}',
    )
    const result = await authrim(['--cwd', broken, 'keys', 'list'])
    rmSync(broken, { recursive: true })
    expect(result.status).toBe(2)
    expect(result.err).toContain('environments.a.issuer')
  })

  test('a key that is no operator’s is status 6', async () => {
    answers = { 'GET /keys': { status: 401, body: { error: 'invalid_token', error_description: 'unknown operator' } } }
    expect((await authrim(['keys', 'list'])).status).toBe(6)
  })

  test('--version names authrim, wrangler, workerd and Node', async () => {
    expect(json(await authrim(['--version', '--json']))).toEqual({
      authrim: expect.any(String),
      wrangler: expect.any(String),
      workerd: expect.any(String),
      node: process.versions.node,
    })
  })

  test('alone, it says what to do next', async () => {
    expect(json(await authrim(['--json']))).toMatchObject({
      environment: 'here',
      running: false,
      next: ['authrim dev', 'authrim --help'],
    })
  })

  test('help has an example at every level, and no escape codes in a pipe', async () => {
    for (const args of [['--help'], ['clients', '--help'], ['clients', 'create', '--help'], ['help', 'users']]) {
      const { status, out } = await authrim(args)
      expect(status).toBe(0)
      expect(out).toMatch(/\nExamples?:\n {2}(authrim|source) /)
      expect(out).not.toContain('\u001b')
    }
  })

  test.each(['bash', 'zsh', 'fish'])('completion for %s knows the verbs', async (shell) => {
    expect((await authrim(['completion', shell])).out).toContain('rotate-secret')
  })

  test('completion in bash completes', async () => {
    const { out } = await authrim(['completion', 'bash'])
    const complete = async (words: string[]) => {
      const script = `${out}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _authrim; echo "\${COMPREPLY[@]}"`
      const child = spawn('bash', ['-c', script])
      return (await text(child.stdout)).trim()
    }
    expect(await complete(['authrim', 'ke'])).toBe('keys')
    expect(await complete(['authrim', '--env', 'x', 'keys', 'ro'])).toBe('rotate')
    expect(await complete(['authrim', 'clients', 'create', '--red'])).toBe('--redirect-uri')
  })
})

test('a reader that has seen enough is no failure', async () => {
  answers = { 'GET /clients': { body: { clients: [], nextCursor: null } } }
  const child = spawn(process.execPath, [commandScript, 'clients', 'list', '--json', '--cwd', folder])
  child.stdout.destroy()
  const [err, status] = await Promise.all([
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  ])
  expect([status, err, requests.map(({ call }) => call)]).toEqual([0, '', ['GET /clients']])
})
