import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { SignJWT } from 'jose'
import { gate, type WorkerName } from '../../shared/topology.ts'
import { Anything, ClientsAnswer, UserAnswer } from '../admin/answers.ts'
import { AdminClient } from '../admin/client.ts'
import { findOperatorKey, type OperatorKey } from '../admin/operator-key.ts'
import { CliError, exitStatus } from '../error.ts'
import { LoginFailure, runCodeFlow } from '../login/code-flow.ts'
import type { Check } from './checks.ts'
import type { Edge, EdgeRequest } from './edge.ts'

/** Whose names begin so is the gate's, and may be removed by whoever deploys. */
const NAME = /^gate-[0-9a-f]{24}$/
const CLIENT_NAME = 'authrim deploy gate'
/** Under a name that nobody can own (RFC 2606): what is sent there arrives nowhere. */
const REDIRECT_URI = `https://${gate.domain}/callback`
const ATTEMPTS = 3
/** Milliseconds; then a new pair is made, since flows take a while themselves. */
const PAIR_LIFETIME = (gate.lifetime * 1000) / 2

type Headers = Readonly<Record<string, string>>

interface Pair {
  readonly name: string
  readonly email: string
  readonly sub: string
  readonly madeAt: number
}

/** The result of a code flow, and the Worker at which it failed. */
export interface CodeFlowResult {
  readonly check: Check
  readonly worker?: WorkerName
}

/**
 * The deploy gate's own login: a client and a person that exist for one deploy. The person signs in with one-use tickets
 * that the operator's key signs; nobody has a password. Both are removed at the end. If that does not come to pass they
 * count for ten minutes, and the next deploy removes them.
 */
export class GateLogin implements AsyncDisposable {
  readonly #edge: Edge
  readonly #folder: string
  readonly #onRequest: ((line: string) => void) | undefined
  #pair: Pair | undefined

  /** @param folder where the operator's key of this environment is. */
  constructor(edge: Edge, folder: string, onRequest: ((line: string) => void) | undefined) {
    this.#edge = edge
    this.#folder = folder
    this.#onRequest = onRequest
  }

  /** Goes through a whole code flow; the headers choose versions. What cannot be checked from here is said, and passes. */
  async check(headers: Headers): Promise<CodeFlowResult> {
    const key = await findOperatorKey(this.#folder).catch(unlessMissing)
    if (!key) return passed('not run: this machine has no operator key')
    for (let attempt = 1; ; attempt++) {
      const result = await this.#attempt(key, headers)
      if (result.check.ok || attempt === ATTEMPTS) return result
      // One hiccup of the network should not send a good version back.
      await sleep(400 * attempt)
    }
  }

  /** Removes the pair if it can: what is left counts for minutes, and is no reason for a deploy to fail. */
  async [Symbol.asyncDispose](): Promise<void> {
    const pair = this.#pair
    const key = pair && (await findOperatorKey(this.#folder).catch(() => undefined))
    if (pair && key) await remove(this.#admin(key, {}), pair.name).catch(() => undefined)
  }

  async #attempt(key: OperatorKey, headers: Headers): Promise<CodeFlowResult> {
    let pair: Pair
    try {
      pair = await this.#livePair(this.#admin(key, headers))
    } catch (error) {
      if (!(error instanceof CliError)) throw error
      if (error.exitCode === exitStatus.notAuthorised && !(await this.#isOperator(key, headers)))
        return passed('not run: the operator key of this machine may not call the admin API')
      return failed('op-management', `admin API: ${error.message}`)
    }
    try {
      const password = await ticketFor(pair.email, this.#edge.issuer, key)
      const { name: clientId, email, sub } = pair
      await runCodeFlow(this.#edge, {
        clientId,
        redirectUri: REDIRECT_URI,
        identifier: email,
        password,
        sub,
        email,
        headers,
      })
      return passed()
    } catch (error) {
      if (error instanceof LoginFailure) return failed(error.worker, error.message)
      throw error
    }
  }

  async #livePair(admin: AdminClient): Promise<Pair> {
    if (this.#pair && performance.now() - this.#pair.madeAt < PAIR_LIFETIME) {
      // The version before the gate may be another than that which made the person.
      await admin.get(`/users/${this.#pair.sub}`, UserAnswer)
      return this.#pair
    }
    await removeLeftovers(admin)
    const name = `gate-${randomBytes(12).toString('hex')}`
    const email = `${name}@${gate.domain}`
    await admin.post('/clients', metadata(name), Anything)
    // From here on it has to be removed, even if nobody comes to sign in to it.
    this.#pair = { name, email, sub: '', madeAt: -Infinity }
    const { user } = await admin.post('/users', { email }, UserAnswer)
    this.#pair = { name, email, sub: user.sub, madeAt: performance.now() }
    return this.#pair
  }

  /** Whether the version that serves everybody takes this key, which the one before the gate refused. */
  async #isOperator(key: OperatorKey, headers: Headers): Promise<boolean> {
    if (Object.keys(headers).length === 0) return false
    return this.#admin(key, {})
      .get('/clients?limit=1', Anything)
      .then(() => true)
      .catch(() => false)
  }

  #admin(key: OperatorKey, headers: Headers): AdminClient {
    return new AdminClient({
      issuer: this.#edge.issuer,
      key,
      onRequest: this.#onRequest,
      send: (target, request: EdgeRequest) =>
        this.#edge.request(target, { ...request, headers: { ...request.headers, ...headers } }),
    })
  }
}

function metadata(name: string) {
  return {
    client_id: name,
    client_name: CLIENT_NAME,
    redirect_uris: [REDIRECT_URI],
    grant_types: ['authorization_code'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    scope: 'openid email',
  }
}

/** What a deploy that died has left behind. */
async function removeLeftovers(admin: AdminClient): Promise<void> {
  const { clients } = await admin.get('/clients?search=gate-&limit=100', ClientsAnswer)
  const left = clients.filter(({ client_id, client_name }) => NAME.test(client_id) && client_name === CLIENT_NAME)
  for (const { client_id } of left) await remove(admin, client_id)
}

/** The person first: a client is what the next deploy finds both by. */
async function remove(admin: AdminClient, name: string): Promise<void> {
  await admin.delete(`/users/${encodeURIComponent(`${name}@${gate.domain}`)}`, Anything).catch(unlessNotFound)
  await admin.delete(`/clients/${name}`, Anything).catch(unlessNotFound)
}

/** Signs the person in once, within a minute, at this issuer. */
function ticketFor(email: string, issuer: string, { kid, privateKey }: OperatorKey): Promise<string> {
  return new SignJWT()
    .setProtectedHeader({ alg: 'EdDSA', typ: gate.ticketType, kid })
    .setIssuer(kid)
    .setAudience(issuer)
    .setSubject(email)
    .setIssuedAt()
    .setExpirationTime('60s')
    .setJti(randomUUID())
    .sign(privateKey)
}

function passed(detail?: string): CodeFlowResult {
  return { check: { name: 'code flow', ok: true, ...(detail !== undefined && { detail }) } }
}

function failed(worker: WorkerName, problem: string): CodeFlowResult {
  return { check: { name: 'code flow', ok: false, detail: `code flow: ${problem}` }, worker }
}

function unlessMissing(error: unknown): undefined {
  if (error instanceof CliError && error.code === 'no_operator_key') return
  throw error
}

function unlessNotFound(error: unknown): void {
  if (error instanceof CliError && error.code === 'not_found') return
  throw error
}
