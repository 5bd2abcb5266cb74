import type { Keyring } from './keyring.ts'
import { signJwt } from './sign.ts'
import { type AccessTokenClaims, accessTokenType, tokenId } from '../protocol/access-token.ts'
import type { Client } from '../protocol/client.ts'
import { type Grant, isOffline } from '../protocol/grant.ts'
import { handleHash, randomId } from '../protocol/handle.ts'
import { type IdTokenClaims, halfHash } from '../protocol/id-token.ts'
import type { GrantLedger } from '../stores/durable-objects/grant-ledger.ts'
import { decided } from '../stores/grants.ts'
import { shard } from '../stores/shards.ts'

/** Seconds. */
export interface Lifetimes {
  readonly access: number
  readonly id: number
  readonly refresh: number
}

/** What an access token says, apart from who issues it and when. */
export interface AccessTokenContent {
  readonly client: Client
  readonly subject: string
  readonly scope: readonly string[]
  readonly audience: readonly string[]
  readonly shard: number
  /** Absent when the client acts for itself. */
  readonly grantId?: string
  readonly grant?: Grant
}

/** A successful answer of the token endpoint, RFC 6749 §5.1. */
export interface TokenResponse {
  readonly access_token: string
  readonly token_type: 'Bearer'
  readonly expires_in: number
  readonly scope: string
  readonly id_token?: string
  readonly refresh_token?: string
}

/** Makes access tokens (RFC 9068) and ID tokens (OpenID Connect Core §2). */
export class TokenIssuer {
  readonly #issuer: string
  readonly #keyring: Keyring
  readonly #ledger: DurableObjectNamespace<GrantLedger>
  readonly #lifetimes: Lifetimes

  constructor(issuer: string, keyring: Keyring, ledger: DurableObjectNamespace<GrantLedger>, lifetimes: Lifetimes) {
    this.#issuer = issuer
    this.#keyring = keyring
    this.#ledger = ledger
    this.#lifetimes = lifetimes
  }

  async accessToken(content: AccessTokenContent, now: number): Promise<string> {
    const { client, grant } = content
    const claims: AccessTokenClaims = {
      iss: this.#issuer,
      sub: content.subject,
      aud: oneOrMany(content.audience),
      client_id: client.client_id,
      scope: content.scope.join(' '),
      iat: now,
      exp: now + this.#lifetimes.access,
      jti: tokenId(content.shard),
      ...(content.grantId !== undefined && { grant_id: content.grantId }),
      ...(grant?.auth_time !== undefined && { auth_time: grant.auth_time }),
      ...(grant?.acr !== undefined && { acr: grant.acr }),
      ...(grant?.amr !== undefined && { amr: grant.amr }),
      ...(grant?.sid !== undefined && { sid: grant.sid }),
    }
    if (client.access_token_format === 'opaque') return this.#opaque(claims, content.shard, now)
    const alg = client.access_token_signed_response_alg ?? 'ES256'
    return signJwt(this.#keyring, alg, accessTokenType, claims, now)
  }

  /** @param more claims of one kind of answer only. */
  async idToken(
    client: Client,
    grant: Grant,
    accessToken: string,
    more: Readonly<Record<string, string>>,
    now: number,
  ): Promise<string> {
    const claims: IdTokenClaims = {
      ...more,
      iss: this.#issuer,
      sub: grant.sub,
      aud: client.client_id,
      iat: now,
      exp: now + this.#lifetimes.id,
      at_hash: await halfHash(accessToken),
      ...(grant.auth_time !== undefined && { auth_time: grant.auth_time }),
      ...(grant.acr !== undefined && { acr: grant.acr }),
      ...(grant.amr !== undefined && { amr: grant.amr }),
      ...(grant.sid !== undefined && { sid: grant.sid }),
    }
    return signJwt(this.#keyring, client.id_token_signed_response_alg, 'JWT', claims, now)
  }

  /** The refresh token of a generation; the same generation gives the same text. */
  refreshToken(at: { shard: number; id: string }, generation: number, expiresAt: number, now: number): Promise<string> {
    return this.#keyring.mint({ kind: 'refresh', shard: at.shard, expiresAt, generation, id: at.id }, now)
  }

  /** The first tokens of a grant that was claimed just now. */
  async firstTokens(
    client: Client,
    grant: Grant,
    at: { shard: number; id: string },
    audience: readonly string[],
    now: number,
    idTokenClaims: (refreshToken: string | undefined) => Promise<Readonly<Record<string, string>>>,
  ): Promise<TokenResponse> {
    const scope = grant.scope.split(' ')
    const accessToken = await this.accessToken(
      { client, subject: grant.sub, scope, audience, shard: at.shard, grantId: at.id, grant },
      now,
    )
    const { refreshUntil } = this.lifetimesOf(grant, now)
    const refreshToken = refreshUntil === undefined ? undefined : await this.refreshToken(at, 0, refreshUntil, now)
    const idToken = scope.includes('openid')
      ? await this.idToken(client, grant, accessToken, await idTokenClaims(refreshToken), now)
      : undefined
    return {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: this.#lifetimes.access,
      scope: grant.scope,
      ...(idToken !== undefined && { id_token: idToken }),
      ...(refreshToken !== undefined && { refresh_token: refreshToken }),
    }
  }

  /** Until when the first tokens of a grant live. */
  lifetimesOf(grant: Grant, now: number): { tokensUntil: number; refreshUntil: number | undefined } {
    const { access, id, refresh } = this.#lifetimes
    return { tokensUntil: now + Math.max(access, id), refreshUntil: isOffline(grant) ? now + refresh : undefined }
  }

  /** A token that says nothing by itself: its claims stay in the ledger. */
  async #opaque(claims: AccessTokenClaims, index: number, now: number): Promise<string> {
    const handle = { kind: 'access', shard: index, expiresAt: claims.exp, generation: 0, id: randomId() } as const
    const token = await this.#keyring.mint(handle, now)
    const id = await handleHash(token)
    await decided(shard(this.#ledger, index).keepToken(id, claims.grant_id, JSON.stringify(claims), claims.exp))
    return token
  }
}

function oneOrMany(audience: readonly string[]): string | string[] {
  const [first] = audience
  return audience.length === 1 && first !== undefined ? first : [...audience]
}
