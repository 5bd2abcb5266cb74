import { randomId } from './handle.ts'

/** Claims of an access token in the JWT profile, RFC 9068 §2.2. */
export interface AccessTokenClaims {
  readonly iss: string
  /** Seconds since the epoch. */
  readonly exp: number
  readonly iat: number
  readonly aud: string | string[]
  readonly sub: string
  readonly client_id: string
  readonly jti: string
  readonly scope: string
  readonly auth_time?: number
  readonly acr?: string
  readonly amr?: readonly string[]
  readonly sid?: string
  /** The grant the token belongs to; absent when the client acts for itself. */
  readonly grant_id?: string
}

/** The media type of RFC 9068 §2.1: a token with another `typ` is no access token (RFC 8725 §3.11). */
export const accessTokenType = 'at+jwt'

/** A token identifier that names the ledger shard which knows whether the token was revoked. */
export function tokenId(shard: number): string {
  return `${shard.toString(36)}.${randomId()}`
}

/** The shard of a token identifier; undefined if it is not one of ours. */
export function shardOfTokenId(jti: string): number | undefined {
  const match = /^([0-9a-z]{1,4})\.[\w-]{22}$/.exec(jti)
  return match?.[1] === undefined ? undefined : Number.parseInt(match[1], 36)
}
