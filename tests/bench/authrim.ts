import { deviceCodeGrant } from '../../shared/protocol/client.ts'
import type { WorkerName } from '../../shared/topology.ts'
import { beginDevice } from '../async/support.ts'
import { authorizationPath, basic, pkce, signedInTokens, type Tokens } from '../support/oauth.ts'
import { startSystem, type System, type TestClient } from '../support/system.ts'
import type { LocalWorker } from '../../cli/embedded-cloudflare/worker.ts'
import { Connection, header } from './connection.ts'
import { withProcess } from './cpu.ts'
import { repeated } from './floor.ts'
import type { Target, Unit } from './load.ts'

export interface Authrim extends AsyncDisposable {
  readonly targets: readonly Target[]
}

/**
 * The whole of authrim, each Worker on a socket of its own, with a client, a person and her live session.
 * @param log whether log lines are written. Cloudflare takes them from the isolate; a local workerd writes each to a
 * pipe and wakes the reader, which would be a fifth of what is measured.
 */
export async function startAuthrim(log: boolean): Promise<Authrim> {
  const { started: system, pid } = await withProcess(() =>
    startSystem({ measured: true, ...(!log && { transform: withoutPipe }) }),
  )
  const client = await system.client({
    id_token_signed_response_alg: 'ES256',
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials', deviceCodeGrant],
  })
  const user = await system.user()
  const agent = system.agent()
  const tokens = await signedInTokens(system, client, user, { scope }, agent)
  const cookie = [...agent.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const { device_code } = await beginDevice(system, client)
  return {
    targets: targets(system, pid, client, tokens, cookie, device_code),
    [Symbol.asyncDispose]: () => dispose(system),
  }
}

const scope = 'openid offline_access'

/** A line is still composed, and handed to a function. */
function withoutPipe(workers: LocalWorker[]): LocalWorker[] {
  return workers.map((worker) => ({ ...worker, script: worker.script.replaceAll('console.log(', '(()=>{})(') }))
}

function dispose(system: System): PromiseLike<void> {
  return system[Symbol.asyncDispose]()
}

function targets(
  system: System,
  pid: number,
  client: TestClient,
  tokens: Tokens,
  cookie: string,
  deviceCode: string,
): Target[] {
  const at = (worker: WorkerName) => system.local.direct.get(worker) ?? ''
  const repeat = (name: string, worker: WorkerName, message: Parameters<typeof repeated>[1]): Target => ({
    name,
    pid,
    connect: (connections) => repeated(at(worker), message, connections),
  })
  const codeFlow = (scopes: string) => (auth: Connection, token: Connection) =>
    redeem(auth, token, client, authorization(client, cookie, scopes))
  const chains = (unit: (auth: Connection, token: Connection) => Promise<Unit>) => (connections: number) =>
    Promise.all(
      Array.from({ length: connections }, async () =>
        unit(new Connection(at('op-auth')), new Connection(at('op-token'))),
      ),
    )
  return [
    repeat('discovery', 'op-discovery', { path: '/.well-known/openid-configuration' }),
    repeat('jwks', 'op-discovery', { path: '/.well-known/jwks.json' }),
    repeat('client credentials', 'op-token', {
      method: 'POST',
      path: '/token',
      headers: basic(client),
      form: { grant_type: 'client_credentials', scope: 'api.read' },
    }),
    repeat('introspection', 'op-management', {
      method: 'POST',
      path: '/introspect',
      headers: basic(client),
      form: { token: tokens.access_token },
    }),
    repeat('userinfo', 'op-userinfo', {
      path: '/userinfo',
      headers: { authorization: `Bearer ${tokens.access_token}` },
    }),
    {
      name: 'refresh',
      pid,
      connect: chains(async (auth, token) => {
        let current = (await codeFlow(scope)(auth, token)).refresh_token
        return async () => {
          const form = { grant_type: 'refresh_token', refresh_token: current }
          const answer = await token.send({ method: 'POST', path: '/token', headers: basic(client), form })
          current = tokensOf(answer).refresh_token
        }
      }),
    },
    {
      // A device that waits: each poll is decided by an object, and refused.
      name: 'poll',
      pid,
      connect: chains(async (_, token) => async () => {
        const form = { grant_type: deviceCodeGrant, device_code: deviceCode }
        const answer = await token.send({ method: 'POST', path: '/token', headers: basic(client), form })
        if (answer.status !== 400) throw new Error(`/token answered ${answer.status}: ${answer.body}`)
      }),
    },
    {
      name: 'code flow',
      pid,
      connect: chains(async (auth, token) => async () => void (await codeFlow('openid')(auth, token))),
    },
  ]
}

function authorization(
  client: TestClient,
  cookie: string,
  scopes: string,
): { path: string; headers: { cookie: string } } {
  return { path: authorizationPath(client, { scope: scopes, ...challenge.parameters }), headers: { cookie } }
}

const challenge = pkce()

/** A code for the live session, and the tokens for the code. */
async function redeem(
  auth: Connection,
  token: Connection,
  client: TestClient,
  request: { path: string; headers: { cookie: string } },
): Promise<Tokens> {
  const answer = await auth.send(request)
  const location = header(answer, 'location') ?? ''
  const code = location.startsWith(client.redirectUri) ? new URL(location).searchParams.get('code') : null
  if (code === null) throw new Error(`/authorize answered ${answer.status} ${location}: ${answer.body}`)
  const form = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: client.redirectUri,
    code_verifier: challenge.verifier,
  }
  return tokensOf(await token.send({ method: 'POST', path: '/token', headers: basic(client), form }))
}

function tokensOf(answer: { status: number; body: string }): Tokens {
  if (answer.status !== 200) throw new Error(`/token answered ${answer.status}: ${answer.body}`)
  return JSON.parse(answer.body)
}
