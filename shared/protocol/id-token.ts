import { base64url } from 'jose'

/** Claims of an ID token, OpenID Connect Core §2. */
export interface IdTokenClaims {
  readonly iss: string
  readonly sub: string
  readonly aud: string
  /** Seconds since the epoch. */
  readonly exp: number
  readonly iat: number
  readonly auth_time?: number
  readonly nonce?: string
  readonly acr?: string
  readonly amr?: readonly string[]
  readonly at_hash?: string
  readonly sid?: string
}

/**
 * `at_hash`: the left half of the hash that the ID token's algorithm uses, base64url (Core §3.1.3.6).
 * Both algorithms we sign with use SHA-256.
 */
export async function halfHash(value: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(value))
  return base64url.encode(new Uint8Array(digest, 0, 16))
}

/** Authentication context of a password sign-in: a single factor, nothing stronger proven. */
export const passwordAcr = 'urn:authrim:acr:password'
