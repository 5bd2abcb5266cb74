import type { Keyring } from '../../shared/keys/keyring.ts'
import { signJwt } from '../../shared/keys/sign.ts'
import { type AccessTokenClaims, accessTokenType, tokenId } from '../../shared/protocol/access-token.ts'
import type { Client } from '../../shared/protocol/client.ts'
import type { Grant } from '../../shared/protocol/grant.ts'
import { handleHash, randomId } from '../../shared/protocol/handle.ts'
import { type IdTokenClaims, halfHash } from '../../shared/protocol/id-token.ts'
import type { GrantLedger } from '../../shared/stores/durable-objects/grant-ledger.ts'
import { decided } from '../../shared/stores/grants.ts'
import { shard } from '../../shared/stores/shards.ts'

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

  async idToken(
    client: Client,
    grant: Grant,
    accessToken: string,
    nonce: string | undefined,
    now: number,
  ): Promise<string> {
    const claims: IdTokenClaims = {
      iss: this.#issuer,
      sub: grant.sub,
      aud: client.client_id,
      iat: now,
      exp: now + this.#lifetimes.id,
      at_hash: await halfHash(accessToken),
      ...(grant.auth_time !== undefined && { auth_time: grant.auth_time }),
      ...(nonce !== undefined && { nonce }),
      ...(grant.acr !== undefined && { acr: grant.acr }),
      ...(grant.amr !== undefined && { amr: grant.amr }),
      ...(grant.sid !== undefined && { sid: grant.sid }),
    }
    return signJwt(this.#keyring, client.id_token_signed_response_alg, 'JWT', claims, now)
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
