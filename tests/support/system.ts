import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { readBundle } from '../../cli/bundle/manifest.ts'
import { type LocalEnvironment, startLocalEnvironment } from '../../cli/local/environment.ts'
import type { Scripts } from '../../cli/local/workers.ts'
import type { Database } from '../../cli/embedded-cloudflare/database.ts'
import type { WorkerLog } from '../../cli/embedded-cloudflare/log.ts'
import type { LocalWorker } from '../../cli/embedded-cloudflare/worker.ts'
import type { Client } from '../../shared/protocol/client.ts'
import { workerNames } from '../../shared/topology.ts'
import { hashPassword } from '../../shared/protocol/password-hash.ts'
import { Agent } from './agent.ts'
import { publishedTested } from './command.ts'
import { quickHash, quickHashing } from './quick-hashing.ts'

/** Every Worker on real workerd, with people and clients made straight in D1. */
export interface System extends AsyncDisposable {
  readonly issuer: string
  readonly local: LocalEnvironment
  /** What the Workers logged, in order. */
  readonly logs: readonly WorkerLog[]
  /** Registers a client; a confidential web client for the code flow unless told otherwise. */
  client(metadata?: Partial<Client> & { readonly secret?: string }): Promise<TestClient>
  user(user?: Partial<TestUser>): Promise<TestUser>
  /** A browser without scripts, with an address of its own. */
  agent(): Agent
  readonly db: Database
}

export interface TestClient extends Client {
  readonly secret: string
  /** The first redirect URI. */
  readonly redirectUri: string
}

export interface TestUser {
  readonly sub: string
  readonly username: string
  readonly email: string
  readonly password: string
  readonly claims: Readonly<Record<string, unknown>>
}

export interface SystemOptions {
  /** Variables that replace the defaults, such as `{ CODE_EXPIRY: '1' }`. */
  readonly variables?: Readonly<Record<string, string>>
  /** Changes the Workers before they start: doubles for bindings, other code. */
  readonly transform?: (workers: LocalWorker[]) => LocalWorker[]
  /** Default true: requests of tests come from one address, so that rate limits would hit them. */
  readonly unlimited?: boolean
  /** A port for each Worker, and no memory of what they log. */
  readonly measured?: boolean
  /** Default false: passwords are hashed at next to no cost, see quick-hashing.ts. */
  readonly fullHashing?: boolean
}

/** Every standard claim, so that each scope has something to release. */
export const everyClaim = {
  name: 'Ada Lovelace',
  given_name: 'Ada',
  family_name: 'Lovelace',
  middle_name: 'King',
  nickname: 'ada',
  profile: 'https://people.example/ada',
  picture: 'https://people.example/ada.png',
  website: 'https://ada.example',
  gender: 'female',
  birthdate: '1815-12-10',
  zoneinfo: 'Europe/London',
  locale: 'en-GB',
  phone_number: '+44 20 7946 0000',
  phone_number_verified: true,
  address: { formatted: '12 St James Square, London', country: 'GB' },
} as const

/** `npm test` tests the files that are published, but for the cost of hashing; by itself a test bundles the sources. */
const publishedBundles: Scripts | undefined = publishedTested
  ? new Map(workerNames.map((worker) => [worker, new TextDecoder().decode(readBundle(worker).code)]))
  : undefined

let shared: Promise<System> | undefined

/**
 * A system as `startSystem()` gives it, but the one of this process, which ends with it: for tests that look at nothing
 * but what they made, and leave keys, operators and throttles of addresses as they were.
 */
export async function sharedSystem(): Promise<System> {
  shared ??= startSystem().then((system) => {
    process.once('exit', () => rmSync(system.local.folder, { recursive: true, force: true }))
    return { ...system, [Symbol.asyncDispose]: () => Promise.resolve() }
  })
  return shared
}

export async function startSystem(options: SystemOptions = {}): Promise<System> {
  const logs: WorkerLog[] = []
  const { transform = (workers) => workers, measured = false, fullHashing = measured } = options
  const local = await startLocalEnvironment({
    unlimited: options.unlimited ?? true,
    direct: measured,
    ...(!measured && { onLog: (log) => logs.push(log) }),
    ...(publishedBundles && { scripts: publishedBundles }),
    ...(options.variables && { variables: options.variables }),
    transform: (workers) => transform(fullHashing ? workers : quickHashing(workers)),
  })
  const { database: db } = local
  return {
    issuer: local.issuer,
    local,
    logs,
    db,
    agent: () => new Agent(local.issuer),
    async client({ secret = randomBytes(24).toString('base64url'), ...metadata } = {}) {
      const client = { ...defaultClient(secret), ...metadata }
      await db
        .prepare('INSERT INTO clients (client_id, name, record, revision) VALUES (?, ?, ?, ?)')
        .bind(client.client_id, client.client_name ?? '', JSON.stringify(client), client.revision)
        .run()
      return { ...client, secret, redirectUri: client.redirect_uris[0] ?? '' }
    },
    async user(given = {}) {
      const name = randomUUID().slice(0, 8)
      const user = {
        sub: randomBytes(16).toString('base64url'),
        username: name,
        email: `${name}@example.com`,
        password: 'correct horse battery',
        claims: everyClaim,
        ...given,
      }
      const hash = fullHashing ? await fullHash(user.password) : quickHash(user.password)
      await insertUser(db, user, hash)
      return user
    },
    [Symbol.asyncDispose]: () => local.dispose(),
  }
}

function defaultClient(secret: string): Client {
  return {
    v: 1,
    client_id: `client-${randomUUID().slice(0, 8)}`,
    client_name: 'Example App',
    client_id_issued_at: Math.floor(Date.now() / 1000),
    secrets: [{ hash: createHash('sha256').update(secret).digest('base64url') }],
    disabled: false,
    revision: Date.now(),
    application_type: 'web',
    redirect_uris: ['http://127.0.0.1:9/callback'],
    post_logout_redirect_uris: ['http://127.0.0.1:9/signed-out'],
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    response_types: ['code'],
    token_endpoint_auth_method: 'client_secret_basic',
    id_token_signed_response_alg: 'RS256',
    scope: 'openid profile email address phone offline_access api.read api.write',
  }
}

/** Most people of the tests have the same password. */
const fullHashes = new Map<string, Promise<string>>()

function fullHash(password: string): Promise<string> {
  const hash = fullHashes.get(password) ?? hashPassword(password)
  fullHashes.set(password, hash)
  return hash
}

async function insertUser(db: Database, user: TestUser, hash: string): Promise<void> {
  const now = Math.floor(Date.now() / 1000)
  await db.batch([
    db
      .prepare(
        `INSERT INTO users (sub, username, username_key, email, email_key, email_verified, claims, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?)`,
      )
      .bind(
        user.sub,
        user.username,
        user.username.toLowerCase(),
        user.email,
        user.email.toLowerCase(),
        JSON.stringify(user.claims),
        now,
        now,
      ),
    db
      .prepare("INSERT INTO credentials (sub, type, secret, updated_at) VALUES (?, 'password', ?, ?)")
      .bind(user.sub, hash, now),
  ])
}
