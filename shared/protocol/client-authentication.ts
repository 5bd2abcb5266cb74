import { base64url } from 'jose'
import { type Client, type ClientAuthenticationMethod } from './client.ts'
import { invalidClient, invalidRequest } from './error.ts'
import { isAmbiguous } from './jwt.ts'
import type { Parameters } from './parameters.ts'

export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** Algorithms accepted for a client assertion: asymmetric, so that a public key is never a secret (RFC 8725 §3.1). */
export const assertionAlgorithms = ['ES256', 'RS256', 'PS256', 'EdDSA', 'Ed25519'] as const

/** A JWT that says it is something else is no assertion (RFC 8725 §3.11). */
export const assertionTypes = [undefined, 'jwt', 'client-authentication+jwt'] as const

/** What a request presents to prove which client it comes from, not yet checked. */
export type Credentials =
  | {
      readonly method: 'client_secret_basic' | 'client_secret_post'
      readonly clientId: string
      readonly secret: string
    }
  | { readonly method: 'private_key_jwt'; readonly clientId: string; readonly assertion: string }
  | { readonly method: 'none'; readonly clientId: string }

/**
 * Reads the credentials of a request: exactly one method (RFC 6749 §2.3, RFC 7523 §2.2).
 * @throws OAuthError invalid_request for two methods at once, invalid_client for none or a malformed one.
 */
export function readCredentials(authorization: string | null, params: Parameters): Credentials {
  const secret = params.get('client_secret')
  const assertion = params.get('client_assertion')
  const basic = authorization !== null && /^basic(?: |$)/i.test(authorization)
  if (Number(basic) + Number(secret !== undefined) + Number(assertion !== undefined) > 1)
    throw invalidRequest('more than one client authentication method')
  if (authorization !== null && !basic) throw invalidClient('unknown authorization scheme')

  const clientId = params.get('client_id')
  if (basic) {
    const credentials = basicCredentials(authorization)
    if (clientId !== undefined && clientId !== credentials.clientId)
      throw invalidRequest('client_id differs from the authorization header')
    return credentials
  }
  if (assertion !== undefined) {
    if (params.get('client_assertion_type') !== assertionType) throw invalidClient('unknown client_assertion_type')
    const issuer = unverifiedIssuer(assertion)
    if (clientId !== undefined && clientId !== issuer) throw invalidClient('client_id differs from the assertion')
    return { method: 'private_key_jwt', clientId: issuer, assertion }
  }
  if (params.get('client_assertion_type') !== undefined) throw invalidRequest('client_assertion is missing')
  if (clientId === undefined) throw invalidClient('no client authentication')
  return secret === undefined ? { method: 'none', clientId } : { method: 'client_secret_post', clientId, secret }
}

/**
 * Only the registered method counts (RFC 6749 §2.3), whatever else the client could prove.
 * @throws OAuthError invalid_client
 */
export function checkMethod(
  client: Pick<Client, 'token_endpoint_auth_method'>,
  method: ClientAuthenticationMethod,
): void {
  if (client.token_endpoint_auth_method !== method)
    throw invalidClient('authentication failed', `method ${method} is not the registered one`)
}

/**
 * Header and claims of an assertion must name each member once.
 * @throws OAuthError invalid_client
 */
export function checkAssertionText(assertion: string): void {
  if (isAmbiguous(assertion)) throw invalidClient('the assertion is malformed', 'a member is repeated or unreadable')
}

/** User name and password are form-encoded before they are joined (RFC 6749 §2.3.1). */
function basicCredentials(authorization: string): Credentials {
  const encoded = authorization.slice('basic '.length).trim()
  let text: string
  try {
    text = atob(encoded)
  } catch {
    throw invalidClient('authentication failed', 'not base64')
  }
  const colon = text.indexOf(':')
  if (colon < 0) throw invalidClient('authentication failed', 'no colon')
  return {
    method: 'client_secret_basic',
    clientId: formDecode(text.slice(0, colon)),
    secret: formDecode(text.slice(colon + 1)),
  }
}

function formDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw invalidClient('authentication failed', 'not form-encoded')
  }
}

/** The client an assertion claims to come from; its keys then verify the claim. */
function unverifiedIssuer(assertion: string): string {
  if (assertion.length > 16_384) throw invalidClient('the assertion is too large')
  try {
    const text = new TextDecoder().decode(base64url.decode(assertion.split('.')[1] ?? ''))
    const claims: unknown = JSON.parse(text)
    if (typeof claims === 'object' && claims !== null && 'iss' in claims && typeof claims.iss === 'string')
      return claims.iss
  } catch {
    // Falls through to the refusal: not a JWT is answered like a JWT without an issuer.
  }
  throw invalidClient('the assertion is malformed')
}
