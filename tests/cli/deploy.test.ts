import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openWorkshop, type Workshop } from './workshop.ts'

let shop: Workshop
beforeAll(async () => {
  shop = await openWorkshop()
}, 120_000)
afterAll(() => shop?.[Symbol.asyncDispose]())

const edge = (path: string) => fetch(issuer() + path)
const issuer = () => `http://localhost:${new URL(shop.cloudflare.edgeOrigin).port}`
const states = (document: { deployment: { workers: { worker: string; versionId: string; share: number }[] } }) =>
  new Map(document.deployment.workers.map((worker) => [worker.worker, worker]))

describe('from nothing to a rollback', () => {
  test('init makes what an environment needs, once', { timeout: 60_000 }, async () => {
    const first = await shop.json(['init', '--local'])
    expect(first.initialisation).toMatchObject({ environment: 'local', issuer: issuer(), changed: true, adopted: [] })
    shop.cloudflare.log.clear()
    expect((await shop.json(['init'])).initialisation).toMatchObject({ changed: false, steps: [] })
    expect(shop.cloudflare.log.writes).toEqual([])
    expect(shop.file('authrim.json')).toContain(issuer())
    expect(shop.file('.gitignore')).toContain('.authrim/')
    expect(JSON.parse(shop.file('package.json')).scripts).toHaveProperty('deploy')
  })

  test('the plan is shown without being applied', { timeout: 60_000 }, async () => {
    shop.cloudflare.log.clear()
    const { deployment } = await shop.json(['deploy', '--dry-run', '--exit-code'], 3)
    expect(deployment.steps.map(({ kind }: { kind: string }) => kind)).toEqual([
      'migrations',
      'stage',
      'stage',
      'stage',
      'stage',
    ])
    expect(shop.cloudflare.log.writes).toEqual([])
  })

  test('without --yes, and nobody to ask, nothing happens: status 2', { timeout: 60_000 }, async () => {
    const result = await shop.authrim(['deploy', '--json'])
    expect([result.status, JSON.parse(result.out).error.message]).toEqual([2, expect.stringContaining('--yes')])
  })

  test('the operator’s key opens the admin API', { timeout: 60_000 }, async () => {
    // tests/package deploys from nothing by the real wrangler.
    await shop.deployed()
    expect(await shop.json(['users', 'create', '--email', 'ada@example.com'])).toMatchObject({
      user: { email: 'ada@example.com' },
    })
  })

  test('an unchanged deploy makes no writes', { timeout: 60_000 }, async () => {
    shop.cloudflare.log.clear()
    const started = performance.now()
    const document = await shop.json(['deploy'])
    console.log(`  unchanged deploy: ${((performance.now() - started) / 1000).toFixed(1)} s`)
    expect(document.deployment).toMatchObject({ changed: false, steps: [] })
    expect(shop.cloudflare.log.writes).toEqual([])
    expect((await shop.json(['deploy', '--dry-run', '--exit-code'])).deployment.changed).toBe(false)
  })

  test('a Worker whose bundle changed is deployed, and no other', { timeout: 120_000 }, async () => {
    shop.package.change('op-token', (code) => `${code}\n;globalThis.changed = 1`)
    shop.package.change('op-auth', (code) => `${code}\n;globalThis.changed = 1`)
    const before = states(await shop.json(['deploy', '--dry-run']))
    shop.cloudflare.log.clear()
    const after = states(await shop.json(['deploy', '--only', 'op-token', '--message', 'token only']))
    expect([...after.keys()]).toEqual(['op-token'])
    expect(after.get('op-token')?.versionId).not.toBe(before.get('op-token')?.versionId)
    const uploads = shop.cloudflare.log.writes.filter(({ path }) => path.endsWith('/versions'))
    expect(uploads.map(({ path }) => path)).toEqual([expect.stringContaining('authrim-local-op-token')])
    // 0 %, then 100 %.
    expect(shop.cloudflare.log.writes.filter(({ path }) => path.endsWith('op-token/deployments'))).toHaveLength(2)
    const health = await (await edge('/op-token/health')).json()
    expect(health).toMatchObject({ version: after.get('op-token')?.versionId })
  })

  test('a version that fails its checks never gets traffic: status 5', { timeout: 120_000 }, async () => {
    const served: object = await (await edge('/op-auth/health')).json()
    shop.package.change('op-auth', () => 'export default { fetch: () => new Response("broken", { status: 500 }) }')
    const { error } = await shop.json(['deploy'], 5)
    expect(error.code).toBe('check_failed')
    expect(error.message).toMatch(/op-auth: \/op-auth\/health answers 500/)
    expect(error.message).toMatch(/former version serves again: op-auth/)
    expect(await (await edge('/op-auth/health')).json()).toEqual({ ...served, worker: 'op-auth' })
    const { versions } = await shop.json(['versions', 'op-auth'])
    expect(versions.map(({ share }: { share: number | null }) => share)).toEqual([null, 100])
    expect((await edge('/token')).status).toBeLessThan(500)
  })

  test('rollback gives the traffic back, and then says that nothing is before it', { timeout: 60_000 }, async () => {
    const { versions } = await shop.json(['versions', 'op-token'])
    expect(versions.map(({ share, message }: { share: number | null; message: string }) => [share, message])).toEqual([
      [100, 'token only'],
      [null, 'authrim dev'],
    ])
    const { rollback } = await shop.json(['rollback', 'op-token'])
    expect(rollback).toMatchObject({
      worker: 'op-token',
      versionId: versions[1].versionId,
      seconds: expect.any(Number),
    })
    expect(await (await edge('/op-token/health')).json()).toMatchObject({ version: versions[1].versionId })
    expect((await shop.json(['rollback', 'op-token'], 1)).error.code).toBe('nothing_before')
    expect(await shop.json(['users', 'show', 'ada@example.com'])).toBeTruthy()
  })

  test('the next deploy goes forward without another upload', { timeout: 120_000 }, async () => {
    shop.cloudflare.log.clear()
    await shop.json(['deploy', '--only', 'op-token', '--gradual', '50,100', '--interval', '0s'])
    const paths = shop.cloudflare.log.writes.map(({ path }) => path)
    expect(paths.filter((path) => path.endsWith('/versions'))).toEqual([])
    expect(paths.filter((path) => path.endsWith('op-token/deployments'))).toHaveLength(3)
  })
})

describe('operators recover', () => {
  const keyFile = '.authrim/local/operator.jwk'
  const kids = (document: { operators: { kid: string }[] }) => document.operators.map(({ kid }) => kid)

  test('nothing happens before the name of the environment is given', { timeout: 60_000 }, async () => {
    shop.cloudflare.log.clear()
    for (const args of [[], ['--confirm', 'production']]) await shop.json(['operators', 'recover', ...args], 2)
    expect(shop.cloudflare.log.writes).toEqual([])
  })

  test(
    'attack N3 a Cloudflare token puts a new key in the place of all operators, audited',
    { timeout: 120_000 },
    async () => {
      const lost = shop.file(keyFile)
      rmSync(join(shop.project, keyFile))
      expect((await shop.json(['users', 'list'], 6)).error).toMatchObject({
        code: 'no_operator_key',
        hint: expect.stringContaining('authrim operators recover'),
      })
      // The key that the refused run above had made waits for this one.
      const waiting = JSON.parse(shop.file('.authrim/local/operator-next.jwk'))
      const recovered = await shop.json(['operators', 'recover', '--confirm', 'local'])
      expect(JSON.parse(shop.file(keyFile))).toEqual(waiting)
      expect(statSync(join(shop.project, keyFile)).mode & 0o777).toBe(0o600)
      expect(recovered.operators).toMatchObject([{ name: 'bootstrap' }])
      expect(kids(await shop.json(['operators', 'list']))).toEqual(kids(recovered))
      const withLostKey = () => shop.authrim(['users', 'list', '--json'], { env: { AUTHRIM_OPERATOR_KEY: lost } })
      expect((await withLostKey()).status).toBe(6)
      const { events } = await shop.json(['audit', '--actor', kids(recovered)[0] ?? ''])
      expect(events.map(({ action }: { action: string }) => action)).toContain('operators.recover')
      // An older version of the Worker brings its variable back, but not the operator.
      await shop.json(['rollback', 'op-discovery'])
      expect((await withLostKey()).status).toBe(6)
      expect(kids(await shop.json(['operators', 'list']))).toEqual(kids(recovered))
      await shop.json(['deploy', '--only', 'op-discovery'])
    },
  )
})

describe('drift', () => {
  test('fault F19 a route that was deleted is planned and brought back', { timeout: 60_000 }, async () => {
    const { apiBase, token, zones } = shop.cloudflare
    const routes = `${apiBase}/zones/${zones[0]?.id}/workers/routes`
    const headers = { authorization: `Bearer ${token}` }
    const { result }: { result: { id: string; pattern: string }[] } = await (await fetch(routes, { headers })).json()
    const userinfo = result.find(({ pattern }) => pattern === 'localhost/userinfo*')
    await fetch(`${routes}/${userinfo?.id}`, { method: 'DELETE', headers })
    const { deployment } = await shop.json(['deploy', '--only', 'op-userinfo', '--dry-run'])
    expect(deployment.workers[0].changes).toEqual(['+ route localhost/userinfo*'])
    await shop.json(['deploy', '--only', 'op-userinfo'])
    expect((await edge('/userinfo')).status).toBe(401)
  })

  test(
    'a wrangler.toml changed by hand is shown and not overwritten without --force',
    { timeout: 60_000 },
    async () => {
      const path = 'environments/local/op-userinfo/wrangler.toml'
      const written = shop.file(path)
      shop.write(path, written.replace('workers_dev = false', 'workers_dev = true'))
      const refused = await shop.authrim(['deploy', '--yes'])
      expect(refused.status).toBe(2)
      expect(refused.err).toContain('- workers_dev = true')
      expect(refused.err).toContain('+ workers_dev = false')
      expect(shop.file(path)).toContain('workers_dev = true')
      await shop.json(['deploy', '--only', 'op-userinfo', '--force'])
      expect(shop.file(path)).toBe(written)
    },
  )

  test('a variable in authrim.json reaches its Worker', { timeout: 90_000 }, async () => {
    await shop.json(['config', 'set', 'environments.local.accessTokenTtl', '300'])
    const { deployment } = await shop.json(['deploy', '--only', 'op-token', '--dry-run'])
    expect(deployment.workers[0].changes).toEqual(['~ plain_text TOKEN_EXPIRY 600 → 300'])
    await shop.json(['config', 'set', 'environments.local.accessTokenTtl'])
    expect((await shop.json(['deploy', '--only', 'op-token', '--dry-run'])).deployment.changed).toBe(false)
  })
})
