import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import * as v from 'valibot'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../cli/embedded-cloudflare/listener.ts'

const bin = fileURLToPath(new URL('../../bin/authrim.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'authrim-dev-'))

const Ready = v.object({
  environment: v.literal('local'),
  issuer: v.string(),
  discovery: v.string(),
  cloudflare: v.string(),
  seconds: v.number(),
  demo: v.nullable(
    v.object({
      url: v.string(),
      user: v.object({ email: v.string(), username: v.string(), password: v.string() }),
      client: v.object({ client_id: v.string(), client_secret: v.string() }),
    }),
  ),
})

const Status = v.object({ drift: v.array(v.object({ difference: v.string() })) })
const Health = v.object({ version: v.string() })

interface Dev {
  readonly ready: v.InferOutput<typeof Ready>
  /** Ends it; gives its exit status. */
  stop(signal: NodeJS.Signals): Promise<number | null>
}

function run(args: readonly string[]): ChildProcess {
  const { PATH, NODE_COMPILE_CACHE } = process.env
  return spawn(process.execPath, [bin, ...args], { cwd: folder, env: { PATH, NODE_COMPILE_CACHE, HOME: folder } })
}

async function authrim(...args: string[]): Promise<{ status: number | null; json: unknown }> {
  const child = run([...args, '--json'])
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const out = child.stdout ? await text(child.stdout) : ''
  return { status: await ended, json: JSON.parse(out) }
}

async function startDev(...args: string[]): Promise<Dev> {
  const child = run(['dev', ...args, '--json'])
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  let out = ''
  let err = ''
  child.stderr?.on('data', (chunk) => (err += chunk))
  const ready = await new Promise<unknown>((resolve, reject) => {
    child.stdout?.on('data', (chunk) => {
      out += chunk
      if (out.endsWith('\n}\n')) resolve(JSON.parse(out))
    })
    void ended.then((status) => reject(new Error(`ended with ${status}: ${out}${err}`)))
  })
  const parsed = v.safeParse(Ready, ready)
  if (!parsed.success) {
    child.kill()
    throw new Error(`${out}${err}`)
  }
  return {
    ready: parsed.output,
    stop(signal) {
      child.kill(signal)
      return ended
    },
  }
}

describe('authrim dev', () => {
  let ports: string[]

  beforeAll(async () => {
    ports = ['--port', String(await freePort()), '--demo-port', String(await freePort())]
  })

  afterAll(() => rmSync(folder, { recursive: true }))

  test(
    'it starts, with a demo, and other commands find it; it ends with 0 and keeps data',
    { timeout: 90_000 },
    async () => {
      const first = await startDev(...ports)
      const metadata: unknown = await (await fetch(first.ready.discovery)).json()
      expect(metadata).toMatchObject({ issuer: first.ready.issuer })
      expect((await fetch(first.ready.demo?.url ?? '')).status).toBe(200)

      expect(await authrim('users', 'show', 'demo')).toMatchObject({
        status: 0,
        json: { user: { email: 'demo@example.com', emailVerified: true, claims: { birthdate: '1815-12-10' } } },
      })
      expect((await authrim('users', 'create', '--email', 'ada@example.com')).status).toBe(0)
      expect(await authrim('clients', 'show', 'demo')).toMatchObject({
        json: { client: { redirect_uris: [`${first.ready.demo?.url}/callback`] } },
      })

      const second = await authrim('dev', ...ports)
      expect(second).toMatchObject({
        status: 1,
        json: { error: { code: 'port_taken', details: { pid: expect.any(Number) } } },
      })
      const elsewhere = await authrim('dev', '--port', String(await freePort()), '--no-demo')
      expect(elsewhere).toMatchObject({ status: 1, json: { error: { code: 'already_running' } } })

      expect(await first.stop('SIGINT')).toBe(0)
      expect(await authrim('keys', 'list')).toMatchObject({ status: 1, json: { error: { code: 'unreachable' } } })

      const again = await startDev(...ports)
      expect(await authrim('users', 'show', 'ada@example.com')).toMatchObject({ status: 0 })
      expect(await again.stop('SIGTERM')).toBe(0)

      const empty = await startDev(...ports, '--reset', '--no-demo')
      expect(empty.ready.demo).toBe(null)
      expect(await authrim('users', 'list')).toEqual({ status: 0, json: { users: [], nextCursor: null } })
      expect(await empty.stop('SIGINT')).toBe(0)
    },
  )

  test(
    'it is an environment like any other: deploy, status, versions, rollback and logs work from another terminal',
    { timeout: 90_000 },
    async () => {
      const dev = await startDev(...ports, '--no-demo')
      try {
        expect(await authrim('deploy', '--dry-run')).toMatchObject({
          status: 0,
          json: { deployment: { environment: 'local' } },
        })
        const { drift } = v.parse(Status, (await authrim('status')).json)
        // What was built last may be older than the sources that dev serves.
        expect(drift.filter(({ difference }) => !difference.startsWith('~ code'))).toEqual([])
        const served = v.parse(Health, await (await fetch(`${dev.ready.issuer}/op-token/health`)).json())
        expect(await authrim('versions', 'op-token')).toMatchObject({
          json: { versions: [{ versionId: served.version, share: 100, message: 'authrim dev' }] },
        })
        expect(await authrim('rollback', 'op-token', '--yes')).toMatchObject({
          status: 1,
          json: { error: { code: 'nothing_before' } },
        })
        const logs = run(['logs', 'op-token', '--json'])
        const line = new Promise((resolve) => logs.stdout?.once('data', (text) => resolve(JSON.parse(String(text)))))
        await new Promise((resolve) => logs.stderr?.once('data', resolve))
        await fetch(`${dev.ready.issuer}/token`, { method: 'POST' })
        expect(await line).toMatchObject({ worker: 'op-token', path: '/token' })
        logs.kill('SIGINT')
      } finally {
        await dev.stop('SIGINT')
      }
    },
  )

  test('a taken port names the process that has it', async () => {
    const server = createServer()
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address()
        resolve(typeof address === 'object' && address ? address.port : 0)
      })
    })
    const { status, json } = await authrim('dev', '--port', String(port))
    server.close()
    expect(status).toBe(1)
    expect(json).toMatchObject({
      error: { message: expect.stringContaining(`process ${process.pid}`), details: { port, pid: process.pid } },
    })
  })

  test('it stays on this machine', async () => {
    expect((await authrim('dev', '--host', '0.0.0.0')).status).toBe(2)
    expect((await authrim('dev', '--port', '99999')).status).toBe(2)
  })
})
