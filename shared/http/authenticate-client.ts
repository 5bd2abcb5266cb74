import { type CompactVerifyGetKey, type JSONWebKeySet, base64url, createLocalJWKSet } from 'jose'
import { JOSEError } from 'jose/errors'
import {
  type Credentials,
  assertionAlgorithms,
  assertionTypes,
  checkAssertionText,
  checkMethod,
  readCredentials,
} from '../protocol/client-authentication.ts'
import type { Client } from '../protocol/client.ts'
import { OAuthError, invalidClient, tooManyRequests } from '../protocol/error.ts'
import { verifyJwt } from '../protocol/jwt.ts'
import type { Parameters } from '../protocol/parameters.ts'
import { addressKey, clientPolicy } from '../protocol/throttling.ts'
import type { Clients } from '../stores/clients.ts'
import type { GrantLedger } from '../stores/durable-objects/grant-ledger.ts'
import type { Throttle } from '../stores/durable-objects/throttle.ts'
import { decided } from '../stores/grants.ts'
import { shard, shardOf } from '../stores/shards.ts'
import { Throttles } from '../stores/throttles.ts'
import type { Outbound } from './outbound.ts'
import { RemoteKeySet } from './remote-key-set.ts'

/** Longest life of an assertion. Seconds. */
const longestAssertion = 600

/** Other clocks may differ by this much. Seconds. */
const tolerance = 60

const remoteKeySets = 200

/** Callers that this isolate remembers as throttled. */
const rememberedCallers = 1000

/** Client authentication as every endpoint that needs it shares it (RFC 6749 §2.3, RFC 7523, OpenID Connect Core §9). */
export class ClientAuthenticator {
  readonly #clients: Clients
  readonly #ledger: DurableObjectNamespace<GrantLedger>
  readonly #throttles: Throttles
  readonly #outbound: Outbound
  readonly #issuer: string
  readonly #keySets = new Map<string, RemoteKeySet>()
  /** Until when a caller is refused unheard, or its guesses would still be judged. Seconds. */
  readonly #refusedUntil = new Map<string, number>()

  constructor(parts: {
    clients: Clients
    ledger: DurableObjectNamespace<GrantLedger>
    throttle: DurableObjectNamespace<Throttle>
    outbound: Outbound
    issuer: string
  }) {
    this.#clients = parts.clients
    this.#ledger = parts.ledger
    this.#throttles = new Throttles(parts.throttle)
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
    const client = await this.#clients.find(credentials.clientId, now)
    const caller = callerKey(request, client)
    const wait = (this.#refusedUntil.get(caller) ?? now) - now
    if (credentials.method !== 'none' && wait > 0) throw tooManyFailures(wait)
    try {
      return await this.#verified(client, credentials, endpoint, now)
    } catch (error) {
      if (!(error instanceof OAuthError) || error.code !== 'invalid_client') throw error
      if (credentials.method !== 'none') await this.#countFailure(caller, now)
      // A new secret or key works at once: what failed may have been measured by a record that this isolate kept.
      const latest = client && (await this.#clients.findLatest(client.client_id, now))
      if (!latest || latest.revision === client.revision) throw error
      return this.#verified(latest, credentials, endpoint, now)
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
    const registered = client.token_endpoint_auth_signing_alg
    const algorithms = assertionAlgorithms.filter((alg) => registered === undefined || alg === registered)
    checkAssertionText(assertion)
    try {
      const expected = {
        algorithms,
        types: assertionTypes,
        issuer: client.client_id,
        subject: client.client_id,
        audience: [this.#issuer, `${this.#issuer}${endpoint}`, `${this.#issuer}/token`],
        required: ['exp', 'jti'],
        tolerance,
      }
      const { exp = now, iat = now, jti } = await verifyJwt(assertion, this.keysOf(client, now), expected, now)
      if (exp > now + longestAssertion + tolerance) throw invalidClient('the assertion lives too long')
      if (iat > now + tolerance) throw invalidClient('the assertion is from the future')
      const key = `assertion:${client.client_id}:${jti ?? ''}`
      const firstUse =
        look === 'again' || (await decided(shard(this.#ledger, shardOf(key)).once(key, exp + 2 * tolerance)))
      if (!firstUse) throw invalidClient('the assertion was used before')
    } catch (error) {
      if (error instanceof OAuthError) throw error
      throw invalidClient('authentication failed', error instanceof JOSEError ? error.code : error)
    }
  }

  /** The keys with which a client signs. */
  keysOf(client: Client, now: number): CompactVerifyGetKey {
    if (client.jwks || !client.jwks_uri) return createLocalJWKSet(client.jwks ?? noKeys)
    const keySet = this.#remoteKeys(client.jwks_uri)
    return (header, token) => keySet.key(header, token, now)
  }

  #remoteKeys(address: string): RemoteKeySet {
    const known = this.#keySets.get(address)
    if (known) return known
    forgetOldest(this.#keySets, remoteKeySets)
    const keySet = new RemoteKeySet(address, this.#outbound)
    this.#keySets.set(address, keySet)
    return keySet
  }

  async #countFailure(caller: string, now: number): Promise<void> {
    const wait = await this.#throttles.attempt(caller, clientPolicy, now)
    if (wait === 0) return
    forgetOldest(this.#refusedUntil, rememberedCallers)
    this.#refusedUntil.set(caller, now + wait)
    throw tooManyFailures(wait)
  }
}

/** Names that are no client's share one count, so that inventing names fills no storage. */
function callerKey(request: Request, client: Client | undefined): string {
  return `client:${client?.client_id ?? '?'}:${addressKey(request.headers.get('cf-connecting-ip') ?? '')}`
}

function tooManyFailures(wait: number): OAuthError {
  return tooManyRequests(wait, 'too many failed attempts', 'throttled')
}

function forgetOldest(map: Map<string, unknown>, most: number): void {
  const oldest = map.size >= most ? map.keys().next().value : undefined
  if (oldest !== undefined) map.delete(oldest)
}

const noKeys: JSONWebKeySet = { keys: [] }
const encoder = new TextEncoder()

/** SHA-256 of a client secret, base64url, as it is stored. */
export async function secretHash(secret: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', encoder.encode(secret))
  return base64url.encode(new Uint8Array(digest))
}

async function verifySecret(client: Client, secret: string, now: number): Promise<void> {
  const presented = encoder.encode(await secretHash(secret))
  let matches = false
  for (const { hash, expires_at } of client.secrets) {
    const stored = encoder.encode(hash)
    const equal = stored.length === presented.length && crypto.subtle.timingSafeEqual(stored, presented)
    if (equal && (expires_at === undefined || expires_at > now)) matches = true
  }
  if (!matches) throw invalidClient('authentication failed', 'wrong secret')
}
