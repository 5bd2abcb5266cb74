import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as oidc from 'openid-client'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { freePort } from '../../cli/embedded-cloudflare/listener.ts'
import { addressFile, recordedAddresses } from '../../cli/embedded-cloudflare/address-file.ts'
import { workerNames } from '../../shared/topology.ts'
import { editBundle } from '../cli/package-copy.ts'
import type { Document } from '../cli/workshop.ts'
import { Agent } from '../support/agent.ts'
import { type Installed, result } from './packed.ts'

const person = { username: 'ada', email: 'ada@example.com', password: 'a password for the rehearsal' }
const redirectUri = 'http://127.0.0.1:9/callback'

/**
 * What an operator does from the installed package, start to end: its own embedded Cloudflare, the real wrangler that
 * it installed, and a real client that signs a person in.
 */
export function rehearsal(installed: () => Installed): void {
  describe('operates an environment from nothing to nothing', () => {
    const home = () => join(installed().folder, '..', 'home')
    const bin = () => join(installed().folder, 'node_modules/.bin/authrim')
    const environment = () => ({ HOME: home(), XDG_CONFIG_HOME: join(home(), '.config'), NO_COLOR: '1' })
    let cloudflare: ChildProcess
    let issuer: string
    let client: oidc.Configuration
    let tokens: oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers

    async function authrim(args: readonly string[], status = 0): Promise<Document> {
      const run = await result(bin(), [...args, '--json', '--yes'], installed().folder, environment())
      if (run.status !== status) throw new Error(`authrim ${args.join(' ')}: ${run.status}\n${run.stdout}${run.stderr}`)
      return JSON.parse(run.stdout)
    }
    const packageRoot = () => join(installed().folder, 'node_modules/authrim')
    const health = async (worker: string): Promise<Document> => (await fetch(`${issuer}/${worker}/health`)).json()

    /** openid-client does its part, and a browser without scripts the person's. */
    async function signIn() {
      const checks = { expectedState: oidc.randomState(), expectedNonce: oidc.randomNonce(), idTokenExpected: true }
      const pkceCodeVerifier = oidc.randomPKCECodeVerifier()
      const url = oidc.buildAuthorizationUrl(client, {
        redirect_uri: redirectUri,
        scope: 'openid email offline_access',
        prompt: 'consent',
        state: checks.expectedState,
        nonce: checks.expectedNonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
        code_challenge_method: 'S256',
      })
      const callback = await new Agent(issuer).authorize(url, person)
      return oidc.authorizationCodeGrant(client, callback, { ...checks, pkceCodeVerifier })
    }

    beforeAll(async () => {
      mkdirSync(home(), { recursive: true })
      const [port, apiPort] = [await freePort(), await freePort()]
      issuer = `http://localhost:${port}`
      const local = [
        'local',
        '--port',
        String(port),
        '--api-port',
        String(apiPort),
        '--data',
        join(home(), 'cloudflare'),
      ]
      cloudflare = spawn(bin(), local, { cwd: home(), env: { ...process.env, ...environment() }, stdio: 'ignore' })
      const recorded = () => recordedAddresses(addressFile(environment()))
      await vi.waitFor(() => expect(recorded()).toHaveLength(1), { timeout: 20_000, interval: 50 })
    }, 30_000)
    afterAll(async () => {
      if (!cloudflare || cloudflare.exitCode !== null) return
      const exit = new Promise((resolve) => cloudflare.once('exit', resolve))
      cloudflare.kill('SIGINT')
      await exit
    })

    test('init makes the project and its resources', { timeout: 60_000 }, async () => {
      const { initialisation } = await authrim(['init', '--local'])
      expect(initialisation).toMatchObject({ environment: 'local', issuer, changed: true })
    })

    test('deploy brings up every Worker, and a login has gone through them', { timeout: 120_000 }, async () => {
      const started = performance.now()
      const { deployment } = await authrim(['deploy'])
      console.log(
        `  first deploy of ${workerNames.length} Workers: ${((performance.now() - started) / 1000).toFixed(1)} s`,
      )
      expect(deployment.workers.map(({ share }: Document) => share)).toEqual(workerNames.map(() => 100))
      const checks = deployment.workers.flatMap((worker: Document) => worker.checks)
      expect(checks.every(({ ok }: Document) => ok)).toBe(true)
      const names = [
        'code flow',
        'device flow needs a client',
        'backchannel needs a client',
        'approvals ask for a sign-in',
      ]
      expect(checks.map(({ name }: Document) => name)).toEqual(expect.arrayContaining(names))
      const again = performance.now()
      expect((await authrim(['deploy'])).deployment.changed).toBe(false)
      console.log(`  unchanged deploy: ${((performance.now() - again) / 1000).toFixed(1)} s`)
    })

    test('a registered client signs a person in through the deployed Workers', { timeout: 60_000 }, async () => {
      writeFileSync(join(home(), 'password'), person.password)
      const password = ['--password-file', join(home(), 'password')]
      const { user } = await authrim(['users', 'create', '--email', person.email, '--username', 'ada', ...password])
      const named = ['--type', 'web', '--name', 'Shop', '--redirect-uri', redirectUri]
      const { client_id, client_secret } = (await authrim(['clients', 'create', ...named])).client
      client = await oidc.discovery(new URL(issuer), client_id, undefined, oidc.ClientSecretBasic(client_secret), {
        execute: [oidc.allowInsecureRequests],
      })
      tokens = await signIn()
      expect(tokens.claims()).toMatchObject({ sub: user.sub, iss: issuer })
      expect(await oidc.fetchUserInfo(client, tokens.access_token, user.sub)).toMatchObject({ email: person.email })
    })

    test('deploy --only brings one changed Worker and leaves another', { timeout: 60_000 }, async () => {
      const before = [await health('op-auth'), await health('op-token')]
      for (const worker of ['op-auth', 'op-token'] as const)
        editBundle(worker, (code) => `${code}\n;globalThis.release = 2`, packageRoot())
      const { deployment } = await authrim(['deploy', '--only', 'op-auth'])
      expect(deployment.workers).toMatchObject([{ worker: 'op-auth', share: 100, versionId: expect.any(String) }])
      expect(await health('op-auth')).toMatchObject({ version: deployment.workers[0].versionId })
      expect([await health('op-auth'), await health('op-token')]).toEqual([
        expect.not.objectContaining(before[0]),
        before[1],
      ])
    })

    test('rollback op-auth gives the former version its traffic, and tokens stay', { timeout: 60_000 }, async () => {
      const { rollback } = await authrim(['rollback', 'op-auth'])
      expect(rollback).toMatchObject({ worker: 'op-auth', seconds: expect.any(Number) })
      expect(await health('op-auth')).toMatchObject({ version: rollback.versionId })
      tokens = await oidc.refreshTokenGrant(client, tokens.refresh_token ?? '')
      expect((await signIn()).claims()?.iss).toBe(issuer)
    })

    test('keys rotate changes keys that are published, and tokens verify', { timeout: 60_000 }, async () => {
      const { rotation } = await authrim(['keys', 'rotate'])
      expect(rotation).toMatchObject({ retiring: expect.any(String), current: expect.any(String) })
      const jwks: Document = await (await fetch(`${issuer}/.well-known/jwks.json`)).json()
      const kids = jwks.keys.map(({ kid }: Document) => kid)
      expect(kids).toEqual(expect.arrayContaining([rotation.retiring, rotation.current]))
      expect((await signIn()).claims()?.iss).toBe(issuer)
    })

    test(
      'status tells of every Worker, its requests, and whose bundle is not what serves',
      { timeout: 60_000 },
      async () => {
        const status = await authrim(['status'])
        expect(status.workers.map(({ worker }: Document) => worker)).toEqual(workerNames)
        for (const worker of status.workers) expect(worker).toMatchObject({ share: 100, healthy: true })
        expect(status.workers.find(({ worker }: Document) => worker === 'op-token').requests).toBeGreaterThan(0)
        const drifted = new Set(status.drift.map(({ where }: Document) => where))
        expect(drifted).toEqual(new Set(['op-auth', 'op-token']))
      },
    )

    test('destroy leaves nothing in the account', { timeout: 60_000 }, async () => {
      const { removal } = await authrim(['destroy', '--confirm', 'local'])
      expect(removal.steps.every(({ status }: Document) => status === 'done')).toBe(true)
      const [{ apiBase, token } = { apiBase: '', token: '' }] = recordedAddresses(addressFile(environment()))
      const headers = { authorization: `Bearer ${token}` }
      const list = async (path: string): Promise<Document> => {
        const answer: Document = await (await fetch(apiBase + path, { headers })).json()
        return answer.result
      }
      const [account] = await list('/accounts')
      for (const kind of ['workers/scripts', 'storage/kv/namespaces', 'd1/database', 'workers/domains'])
        expect(await list(`/accounts/${account.id}/${kind}`), kind).toEqual([])
      await expect(health('op-auth')).rejects.toThrow()
    })
  })
}
