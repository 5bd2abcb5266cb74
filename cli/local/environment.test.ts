import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { objects, type WorkerName, workerNames } from '../../shared/topology.ts'
import { freePort } from '../embedded-cloudflare/listener.ts'
import { defaultLocalEnvironment } from '../environment.ts'
import { operatorKeyFile } from '../admin/operator-key.ts'
import { startLocalEnvironment } from './environment.ts'
import { localRoutes, type Scripts } from './workers.ts'

/** Workers that answer with their name and what they are bound to. */
const doubles: Scripts = new Map(
  workerNames.map((worker) => [
    worker,
    `import { DurableObject, WorkerEntrypoint } from 'cloudflare:workers'
    ${
      worker === 'op-discovery'
        ? `${Object.keys(objects)
            .map((name) => `export class ${name} extends DurableObject {}`)
            .join('\n')}
    export class KeyLease extends WorkerEntrypoint { lease() { return this.ctx.props.uses } }`
        : ''
    }
    export default { async fetch(request, env) {
      const { AUTHRIM_SECRET, ...rest } = env
      const texts = Object.fromEntries(Object.entries(rest).filter(([, value]) => typeof value === 'string'))
      return Response.json({ worker: '${worker}', names: Object.keys(env).sort(), texts, uses: env.KEYS && await env.KEYS.lease() })
    } }`,
  ]),
)

describe('the local environment', () => {
  const folder = mkdtempSync(join(tmpdir(), 'authrim-local-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  test('every Worker is behind the issuer, with the bindings of the topology and no others', async () => {
    const port = await freePort()
    const environment = defaultLocalEnvironment(`http://localhost:${port}`)
    await using local = await startLocalEnvironment({
      folder,
      environment,
      scripts: doubles,
      direct: true,
      variables: { TOKEN_EXPIRY: '7' },
    })
    const get = async (path: string) => (await fetch(local.issuer + path)).json()

    const token = await get('/token')
    expect(token).toMatchObject({
      worker: 'op-token',
      texts: { ISSUER_URL: local.issuer, ENVIRONMENT: 'local', TOKEN_EXPIRY: '7', ID_TOKEN_EXPIRY: '3600' },
      uses: expect.arrayContaining(['sign:access', 'handle:code']),
    })
    expect(token.names).toEqual(expect.arrayContaining(['AUTH_CODES', 'DB', 'GRANT_LEDGER', 'KEYS', 'VERSION']))
    expect(token.names).not.toContain('AUTHRIM_SECRET')
    expect((await get('/admin/v1/keys?limit=1')).worker).toBe('op-management')
    expect((await get('/authorize?client_id=x')).worker).toBe('op-auth')
    expect(await get('/nowhere')).toMatchObject({
      worker: 'op-discovery',
      names: expect.arrayContaining(['AUTHRIM_SECRET', 'KEY_MANAGER']),
    })
    const direct = (worker: WorkerName) => fetch(local.direct.get(worker) ?? '').then((response) => response.json())
    expect((await direct('op-userinfo')).worker).toBe('op-userinfo')
    expect(local.migrated).toContain('0001_people_and_clients.sql')
  })

  test('attack K3 its folder and secrets are this user’s only, and made once', async () => {
    const before = ['secret', 'operator.jwk'].map((file) => readFileSync(join(folder, file), 'utf8'))
    await using local = await startLocalEnvironment({ folder, scripts: doubles })
    expect(['secret', 'operator.jwk'].map((file) => readFileSync(join(folder, file), 'utf8'))).toEqual(before)
    expect(statSync(operatorKeyFile(local.folder)).mode & 0o777).toBe(0o600)
    expect(statSync(join(folder, 'secret')).mode & 0o777).toBe(0o600)
    expect(statSync(join(folder, 'data')).mode & 0o777).toBe(0o700)
    expect(local.migrated).toEqual([])
  })

  test('a Worker can be given doubles', async () => {
    await using local = await startLocalEnvironment({
      scripts: doubles,
      transform: (workers) =>
        workers.map((worker) => ({
          ...worker,
          bindings: { ...worker.bindings, DOUBLE: { type: 'text', value: 'yes' } },
        })),
    })
    const answer = await (await fetch(`${local.issuer}/userinfo`)).json()
    expect(answer.texts.DOUBLE).toBe('yes')
  })
})

test('every path of the topology has a route, and what none has goes to the Worker that holds the host', () => {
  const routes = localRoutes(defaultLocalEnvironment())
  expect(routes).toContainEqual({ pattern: 'localhost/token*', worker: 'authrim-local-op-token' })
  expect(routes).toContainEqual({ pattern: 'localhost/.well-known/jwks.json*', worker: 'authrim-local-op-discovery' })
  expect(routes.at(-1)).toEqual({ pattern: 'localhost/*', worker: 'authrim-local-op-discovery' })
})
