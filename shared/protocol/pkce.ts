import { base64url } from 'jose'
import { invalidGrant, invalidRequest } from './error.ts'
import type { Parameters } from './parameters.ts'

/** A SHA-256 challenge: 32 octets are 43 characters of base64url (RFC 7636 §4.2). */
const challengeSyntax = /^[\w-]{43}$/
const verifierSyntax = /^[\w.~-]{43,128}$/

/**
 * The challenge of an authorization request, RFC 7636 §4.3; only S256 is accepted (RFC 9700 §2.1.1).
 * @throws OAuthError invalid_request, also when `required` and absent.
 */
export function codeChallenge(params: Parameters, required: boolean): string | undefined {
  const challenge = params.get('code_challenge')
  const method = params.get('code_challenge_method')
  if (challenge === undefined) {
    if (method !== undefined) throw invalidRequest('code_challenge_method without code_challenge')
    if (required) throw invalidRequest('code_challenge is required')
    return undefined
  }
  if (method !== 'S256') throw invalidRequest('code_challenge_method must be S256')
  if (!challengeSyntax.test(challenge)) throw invalidRequest('code_challenge is malformed')
  return challenge
}

/**
 * Compares verifier and challenge, RFC 7636 §4.6. A verifier without a challenge is refused as well:
 * somebody removed the challenge from the request (RFC 9700 §4.8.2).
 * @throws OAuthError invalid_grant
 */
export async function verifyPkce(challenge: string | undefined, verifier: string | undefined): Promise<void> {
  if (challenge === undefined && verifier === undefined) return
  if (challenge === undefined) throw invalidGrant('code_verifier was not announced by a code_challenge')
  if (verifier === undefined) throw invalidGrant('code_verifier is missing')
  if (!verifierSyntax.test(verifier)) throw invalidGrant('code_verifier is malformed')
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))
  if (base64url.encode(new Uint8Array(digest)) !== challenge) throw invalidGrant('code_verifier does not match')
}
