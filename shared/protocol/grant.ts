import type { Client } from './client.ts'
import { OAuthError } from './error.ts'

/**
 * What a person (or a client for itself) authorised. Written once when the code is issued, read at redemption,
 * refresh, introspection and userinfo.
 */
export interface Grant {
  readonly v: 1
  readonly client_id: string
  readonly sub: string
  /** Space-separated, as granted. */
  readonly scope: string
  /** As the authorization request spelled it, or absent when it left it out (RFC 6749 §4.1.3). */
  readonly redirect_uri?: string
  readonly code_challenge?: string
  readonly nonce?: string
  /** The browser session it came from. */
  readonly sid?: string
  /** Seconds since the epoch. */
  readonly auth_time?: number
  readonly acr?: string
  readonly amr?: readonly string[]
  /** Resource indicators granted (RFC 8707); empty means the issuer itself. */
  readonly resources: readonly string[]
  /** Seconds since the epoch. */
  readonly created_at: number
}

/** The scope that asks for a refresh token, OpenID Connect Core §11. */
export const offlineAccess = 'offline_access'

export function isOffline(grant: Grant): boolean {
  return grant.scope.split(' ').includes(offlineAccess)
}

/** Reads a stored record; undefined for bytes that no release of ours wrote. */
export function parseGrant(text: string | null | undefined): Grant | undefined {
  if (!text) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return isGrant(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isGrant(value: unknown): value is Grant {
  return (
    typeof value === 'object' &&
    value !== null &&
    'client_id' in value &&
    typeof value.client_id === 'string' &&
    'sub' in value &&
    typeof value.sub === 'string' &&
    'scope' in value &&
    typeof value.scope === 'string' &&
    'resources' in value &&
    Array.isArray(value.resources)
  )
}

/**
 * The resources of a request: absolute URIs without fragment that the client may ask for, or the issuer
 * (RFC 8707 §2).
 * @throws OAuthError invalid_target
 */
export function requestedResources(
  asked: readonly string[],
  client: Pick<Client, 'resource_indicators'>,
  issuer: string,
): string[] {
  for (const resource of asked) {
    if (!URL.canParse(resource) || resource.includes('#'))
      throw new OAuthError('invalid_target', 'resource must be an absolute URI without fragment')
    if (resource !== issuer && !client.resource_indicators?.includes(resource))
      throw new OAuthError('invalid_target', 'the resource is unknown')
  }
  return [...new Set(asked)]
}

/**
 * The audience of a token: the resources asked for at the token endpoint, or else all that was granted
 * (RFC 8707 §2.2).
 * @throws OAuthError invalid_target for a resource outside the grant.
 */
export function tokenAudience(asked: readonly string[], granted: readonly string[], issuer: string): string[] {
  const permitted = granted.length > 0 ? granted : [issuer]
  if (!asked.every((resource) => permitted.includes(resource)))
    throw new OAuthError('invalid_target', 'the resource was not granted')
  return asked.length > 0 ? [...new Set(asked)] : [...permitted]
}
