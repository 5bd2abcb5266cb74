import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { WorkerName } from '../../shared/topology.ts'
import { openWorkshop, type Document, type Workshop } from './workshop.ts'

let shop: Workshop
beforeAll(async () => {
  shop = await openWorkshop()
  await shop.deployed()
}, 180_000)
afterAll(() => shop?.[Symbol.asyncDispose]())

const issuer = () => `http://localhost:${new URL(shop.cloudflare.edgeOrigin).port}`
const versionOf = async (worker: WorkerName): Promise<Document> => (await fetch(`${issuer()}/${worker}/health`)).json()
const codeFlowOf = ({ deployment }: Document, worker: WorkerName) =>
  deployment.workers
    .find((one: Document) => one.worker === worker)
    .checks.filter(({ name }: Document) => name === 'code flow')

let changes = 0
/** Other bytes that do the same. */
const touch = (worker: WorkerName) =>
  shop.package.change(worker, (code) => `${code}\n;globalThis.touched = ${++changes}`)

/** A bundle that does something with each answer before it leaves: JavaScript with `request` and `answer`. */
function spoil(worker: WorkerName, body: string) {
  shop.package.change(worker, (code) => {
    const [, handler] = /([\w$]+) as default/.exec(code) ?? []
    const spoilt = `{ async fetch(request, env, ctx) {
      const answer = await ${handler}.fetch(request, env, ctx); const { pathname } = new URL(request.url); ${body}; return answer } }`
    return `${code.replace(`${handler} as default`, 'spoilt as default')}\nconst spoilt = ${spoilt}`
  })
}

async function count(table: 'clients' | 'users'): Promise<number> {
  return Number(await shop.database('local').prepare(`SELECT count(*) AS n FROM ${table}`).first('n'))
}

describe('the gate’s code flow', () => {
  test('goes through the versions before the gate, and leaves nobody behind', { timeout: 60_000 }, async () => {
    touch('op-token')
    touch('op-userinfo')
    const document = await shop.json(['deploy'])
    for (const worker of ['op-userinfo', 'op-token'] as const)
      expect(codeFlowOf(document, worker)).toEqual([{ name: 'code flow', ok: true }])
    expect([await count('clients'), await count('users')]).toEqual([0, 0])
    const { events } = await shop.json(['audit'])
    const actions = events.map(({ action }: Document) => action)
    expect(actions).toEqual(
      expect.arrayContaining(['clients.create', 'users.create', 'sign_in', 'users.delete', 'clients.delete']),
    )
  })

  test('fault F1 what a killed deploy leaves behind goes with the next', { timeout: 90_000 }, async () => {
    touch('op-token')
    const killed = await shop.authrim(['deploy', '--yes', '--json'], {
      watch: (child) => {
        const timer = setInterval(() => {
          void count('users').then((people) => {
            if (people > 0) child.kill('SIGKILL')
            if (people > 0 || child.exitCode !== null) clearInterval(timer)
          })
        }, 20)
      },
    })
    expect(killed.status).toBe(null)
    expect([await count('clients'), await count('users')]).toEqual([1, 1])
    await shop.json(['deploy'])
    expect([await count('clients'), await count('users')]).toEqual([0, 0])
  })

  test('without the operator’s key it is left out, and said', { timeout: 60_000 }, async () => {
    const key = join(shop.project, '.authrim/local/operator.jwk')
    renameSync(key, `${key}.away`)
    touch('op-token')
    const document = await shop.json(['deploy'])
    renameSync(`${key}.away`, key)
    expect(existsSync(key)).toBe(true)
    expect(codeFlowOf(document, 'op-token')).toEqual([
      { name: 'code flow', ok: true, detail: expect.stringContaining('no operator key') },
    ])
  })
})

describe('a bad version that answers every simple question is caught by the code flow: status 5', () => {
  const cases: [string, WorkerName, string, RegExp, WorkerName][] = [
    [
      'op-discovery that publishes other keys',
      'op-discovery',
      `if (pathname.endsWith('jwks.json')) {
        const { keys } = await answer.json()
        const other = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
        const { x, y } = await crypto.subtle.exportKey('jwk', other.publicKey)
        return Response.json({ keys: keys.map((key) => key.kty === 'EC' ? { ...key, x, y } : { ...key, n: key.n.slice(0, -4) + 'AAAA' }) })
      }`,
      /op-discovery: code flow: the published keys do not verify the ID token/,
      'op-userinfo',
    ],
    [
      'op-userinfo that tells of somebody else',
      'op-userinfo',
      `if (answer.status === 200 && pathname === '/userinfo') return Response.json({ ...await answer.json(), sub: 'nobody' })`,
      /op-userinfo: code flow: \/userinfo is about somebody else/,
      'op-auth',
    ],
    [
      'op-auth that forgets the code',
      'op-auth',
      `if (answer.headers.get('location')?.includes('code=')) return Response.redirect('https://gate.invalid/callback')`,
      /op-auth: code flow: sign-in ends with null/,
      'op-management',
    ],
    [
      'op-token that leaves out the ID token',
      'op-token',
      `if (answer.status === 200 && pathname === '/token') { const { id_token, ...rest } = await answer.json(); return Response.json(rest) }`,
      /op-token: code flow: \/token answers something else than it should/,
      'op-management',
    ],
    [
      'op-management that shuts its operators out',
      'op-management',
      `if (pathname.startsWith('/admin/')) return Response.json({ error: 'invalid_token' }, { status: 401 })`,
      /op-management: code flow: admin API/,
      'op-management',
    ],
  ]

  test.each(cases)('%s', { timeout: 90_000 }, async (_, worker, body, words, later) => {
    const before = [await versionOf(worker), await versionOf(later)]
    spoil(worker, body)
    if (later !== worker) touch(later)
    shop.cloudflare.log.clear()
    const { error } = await shop.json(['deploy'], 5)
    expect(error.message).toMatch(words)
    expect(error.message).toContain(`The former version serves again: ${worker}`)
    expect([await versionOf(worker), await versionOf(later)]).toEqual(before)
    const uploads = shop.cloudflare.log.writes.filter(({ path }) => path.endsWith('/versions')).map(({ path }) => path)
    expect(uploads).toEqual([expect.stringContaining(`authrim-local-${worker}/`)])
    expect([await count('clients'), await count('users')]).toEqual([0, 0])
    shop.package.restore()
  })

  test(
    'a version that throws when it starts is refused by Cloudflare, and changes nothing',
    { timeout: 60_000 },
    async () => {
      const before = await versionOf('op-token')
      shop.package.change('op-token', (code) => `throw new Error('no such luck');${code}`)
      touch('op-management')
      const { error } = await shop.json(['deploy'], 1)
      expect(error.message).toMatch(/Uploading op-token failed[^]*no such luck[^]*10021/)
      expect(error.message).toMatch(/Not done: stage op-token; stage op-management/)
      expect(await versionOf('op-token')).toEqual(before)
      shop.package.restore()
    },
  )
})

describe('--gradual', () => {
  test('goes on where there is nothing to compare, and says so', { timeout: 60_000 }, async () => {
    touch('op-userinfo')
    const { deployment } = await shop.json(['deploy', '--gradual', '10,100', '--interval', '0s'])
    const { checks } = deployment.workers.find((one: Document) => one.worker === 'op-userinfo')
    expect(checks).toContainEqual({ name: 'error rate', ok: true, detail: expect.stringContaining('not compared') })
  })

  test(
    'stops at a version that fails more of its requests than the one before: status 5',
    { timeout: 90_000 },
    async () => {
      const before = await versionOf('op-userinfo')
      spoil('op-userinfo', `if (request.headers.get('x-customer')) throw new Error('only customers see this')`)
      shop.cloudflare.log.clear()
      const over = new AbortController()
      const statuses = new Set<number>()
      const customers = async () => {
        while (!over.signal.aborted)
          statuses.add((await fetch(`${issuer()}/userinfo`, { headers: { 'x-customer': 'yes' } })).status)
      }
      const deploying = shop.json(['deploy', '--gradual', '50,100', '--interval', '3s'], 5)
      const traffic = Promise.all([customers(), customers()])
      const { error } = await deploying.finally(() => over.abort())
      await traffic
      expect(statuses).toEqual(new Set([401, 500]))
      expect(error.message).toMatch(/op-userinfo: fails \d+\.\d % of its requests, the former version 0\.0 %/)
      expect(await versionOf('op-userinfo')).toEqual(before)
      const shares = shop.cloudflare.log.writes.filter(({ path }) => path.endsWith('op-userinfo/deployments'))
      // 0 %, 50 %, and back.
      expect(shares).toHaveLength(3)
      shop.package.restore()
    },
  )
})
