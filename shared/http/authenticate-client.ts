import {
  type JSONWebKeySet,
  base64url,
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  jwtVerify,
} from 'jose'
import {
  type Credentials,
  assertionAlgorithms,
  checkMethod,
  readCredentials,
} from '../protocol/client-authentication.ts'
import type { Client } from '../protocol/client.ts'
import { OAuthError, invalidClient } from '../protocol/error.ts'
import type { Parameters } from '../protocol/parameters.ts'
import { addressKey, clientPolicy } from '../protocol/throttling.ts'
import type { Clients } from '../stores/clients.ts'
import type { GrantLedger } from '../stores/durable-objects/grant-ledger.ts'
import type { Throttle } from '../stores/durable-objects/throttle.ts'
import { decided } from '../stores/grants.ts'
import { shard, shardOf } from '../stores/shards.ts'
import type { Outbound } from './outbound.ts'

/** Longest life of an assertion. Seconds. */
const longestAssertion = 600

/** Other clocks may differ by this much. Seconds. */
const tolerance = 60

const remoteKeySets = 200

type KeySet = ReturnType<typeof createRemoteJWKSet>

/** Client authentication as every endpoint that needs it shares it (RFC 6749 §2.3, RFC 7523, OpenID Connect Core §9). */
export class ClientAuthenticator {
  readonly #clients: Clients
  readonly #ledger: DurableObjectNamespace<GrantLedger>
  readonly #throttle: DurableObjectNamespace<Throttle>
  readonly #outbound: Outbound
  readonly #issuer: string
  readonly #keySets = new Map<string, KeySet>()

  constructor(parts: {
    clients: Clients
    ledger: DurableObjectNamespace<GrantLedger>
    throttle: DurableObjectNamespace<Throttle>
    outbound: Outbound
    issuer: string
  }) {
    this.#clients = parts.clients
    this.#ledger = parts.ledger
    this.#throttle = parts.throttle
    this.#outbound = parts.outbound
    this.#issuer = parts.issuer
  }

  /**
   * The client that a request proves to come from.
   * @param endpoint path of the endpoint, which an assertion's audience may name instead of the issuer.
   * @throws OAuthError invalid_client, invalid_request, or too_many_requests after repeated failures.
   */
  async authenticate(request: Request, params: Parameters, endpoint: string, now: number): Promise<Client> {
    const credentials = readCredentials(request.headers.get('authorization'), params)
    try {
      const client = await this.#clients.find(credentials.clientId, now)
      return await this.#verified(client, credentials, endpoint, now)
    } catch (error) {
      if (error instanceof OAuthError && error.code === 'invalid_client' && credentials.method !== 'none')
        await this.#countFailure(request, credentials.clientId, now)
      throw error
    }
  }

  /** The same, reading the client's record past every cache, for when the ledger knows a newer one. */
  async reauthenticate(request: Request, params: Parameters, endpoint: string, now: number): Promise<Client> {
    const credentials = readCredentials(request.headers.get('authorization'), params)
    const client = await this.#clients.findLatest(credentials.clientId, now)
    // The assertion's jti was spent by the first look at this very request.
    return this.#verified(client, credentials, endpoint, now, 'again')
  }

  async #verified(
    client: Client | undefined,
    credentials: Credentials,
    endpoint: string,
    now: number,
    look: 'first' | 'again' = 'first',
  ): Promise<Client> {
    if (!client || client.disabled) throw invalidClient('authentication failed', client ? 'disabled' : 'unknown client')
    checkMethod(client, credentials.method)
    if ('secret' in credentials) await verifySecret(client, credentials.secret, now)
    if ('assertion' in credentials) await this.#verifyAssertion(client, credentials.assertion, endpoint, now, look)
    return client
  }

  async #verifyAssertion(
    client: Client,
    assertion: string,
    endpoint: string,
    now: number,
    look: 'first' | 'again',
  ): Promise<void> {
    const algorithms = client.token_endpoint_auth_signing_alg
      ? [client.token_endpoint_auth_signing_alg]
      : [...assertionAlgorithms]
    try {
      const { payload } = await jwtVerify(assertion, this.#keys(client), {
        algorithms,
        issuer: client.client_id,
        subject: client.client_id,
        audience: [this.#issuer, `${this.#issuer}${endpoint}`, `${this.#issuer}/token`],
        clockTolerance: tolerance,
        currentDate: new Date(now * 1000),
        requiredClaims: ['exp', 'jti'],
      })
      if ((payload.exp ?? 0) > now + longestAssertion + tolerance) throw invalidClient('the assertion lives too long')
      if (payload.iat !== undefined && payload.iat > now + tolerance)
        throw invalidClient('the assertion is from the future')
      const key = `assertion:${client.client_id}:${payload.jti ?? ''}`
      const firstUse =
        look === 'again' ||
        (await decided(shard(this.#ledger, shardOf(key)).once(key, (payload.exp ?? now) + 2 * tolerance)))
      if (!firstUse) throw invalidClient('the assertion was used before')
    } catch (error) {
      if (error instanceof OAuthError) throw error
      throw invalidClient('authentication failed', error instanceof errors.JOSEError ? error.code : error)
    }
  }

  #keys(client: Client): KeySet | ReturnType<typeof createLocalJWKSet> {
    if (client.jwks) return createLocalJWKSet(client.jwks)
    if (!client.jwks_uri) return createLocalJWKSet(noKeys)
    const known = this.#keySets.get(client.jwks_uri)
    if (known) return known
    const oldest = this.#keySets.size >= remoteKeySets ? this.#keySets.keys().next().value : undefined
    if (oldest !== undefined) this.#keySets.delete(oldest)
    const keySet = createRemoteJWKSet(new URL(client.jwks_uri), {
      [customFetch]: this.#outbound.fetch,
      cacheMaxAge: 600_000,
      cooldownDuration: 60_000,
      timeoutDuration: 5000,
    })
    this.#keySets.set(client.jwks_uri, keySet)
    return keySet
  }

  async #countFailure(request: Request, clientId: string, now: number): Promise<void> {
    const address = addressKey(request.headers.get('cf-connecting-ip') ?? '')
    const key = `client:${clientId}:${address}`
    const wait = await decided(shard(this.#throttle, shardOf(key)).attempt(key, clientPolicy, now))
    if (wait > 0)
      throw new OAuthError('too_many_requests', 'too many failed attempts', { retryAfter: wait, reason: 'throttled' })
  }
}

const noKeys: JSONWebKeySet = { keys: [] }

/** SHA-256 of a client secret, base64url, as it is stored. */
export async function secretHash(secret: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(secret))
  return base64url.encode(new Uint8Array(digest))
}

async function verifySecret(client: Client, secret: string, now: number): Promise<void> {
  const presented = new TextEncoder().encode(await secretHash(secret))
  let matches = false
  for (const { hash, expires_at } of client.secrets) {
    const stored = new TextEncoder().encode(hash)
    const equal = stored.length === presented.length && crypto.subtle.timingSafeEqual(stored, presented)
    if (equal && (expires_at === undefined || expires_at > now)) matches = true
  }
  if (!matches) throw invalidClient('authentication failed', 'wrong secret')
}
