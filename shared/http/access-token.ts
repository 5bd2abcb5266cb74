import type { Keyring } from '../keys/keyring.ts'
import { type AccessTokenClaims, shardOfTokenId } from '../protocol/access-token.ts'
import { handleHash } from '../protocol/handle.ts'
import type { GrantLedger } from '../stores/durable-objects/grant-ledger.ts'
import { decided } from '../stores/grants.ts'
import { shard } from '../stores/shards.ts'

/** An access token that counts now, and whose it is. */
export interface LiveToken {
  readonly claims: AccessTokenClaims
  /** The person, or empty when the client acts for itself. */
  readonly subject: string
}

/** Tells whether an access token of ours, JWT or opaque, counts. The ledger is always asked: revocation is immediate. */
export class AccessTokens {
  readonly #keyring: Keyring
  readonly #ledger: DurableObjectNamespace<GrantLedger>
  readonly #issuer: string

  constructor(keyring: Keyring, ledger: DurableObjectNamespace<GrantLedger>, issuer: string) {
    this.#keyring = keyring
    this.#ledger = ledger
    this.#issuer = issuer
  }

  /** Undefined for anything that is no live access token. */
  async find(token: string, now: number): Promise<LiveToken | undefined> {
    const claims = token.includes('.') ? await this.#jwt(token, now) : await this.#opaque(token, now)
    const index = claims && shardOfTokenId(claims.jti)
    if (!claims || index === undefined) return undefined
    const ledger = shard(this.#ledger, index)
    const subject = await decided(ledger.tokenStanding(claims.jti, claims.grant_id, claims.client_id, claims.iat))
    return subject === undefined ? undefined : { claims, subject }
  }

  async #jwt(token: string, now: number): Promise<AccessTokenClaims | undefined> {
    const payload = await this.#keyring.verifyAccessToken(token, this.#issuer, now)
    return isAccessTokenClaims(payload) ? payload : undefined
  }

  async #opaque(token: string, now: number): Promise<AccessTokenClaims | undefined> {
    const handle = await this.#keyring.open('access', token, now)
    if (!handle) return undefined
    const stored = await decided(shard(this.#ledger, handle.shard).token(await handleHash(token), now))
    const claims: unknown = stored === undefined ? undefined : JSON.parse(stored)
    return isAccessTokenClaims(claims) ? claims : undefined
  }
}

function isAccessTokenClaims(claims: unknown): claims is AccessTokenClaims {
  return (
    typeof claims === 'object' &&
    claims !== null &&
    'jti' in claims &&
    typeof claims.jti === 'string' &&
    'client_id' in claims &&
    typeof claims.client_id === 'string' &&
    'scope' in claims &&
    typeof claims.scope === 'string' &&
    'exp' in claims &&
    typeof claims.exp === 'number'
  )
}
