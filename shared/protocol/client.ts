import type { JSONWebKeySet } from 'jose'

export type ClientAuthenticationMethod = 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt' | 'none'

/** RFC 8628 §3.4. */
export const deviceCodeGrant = 'urn:ietf:params:oauth:grant-type:device_code'

/** CIBA §10.1. */
export const backchannelGrant = 'urn:openid:params:grant-type:ciba'

export const deliveryModes = ['poll', 'ping', 'push'] as const

/** How a client learns of the answer to a backchannel request, CIBA §5. */
export type DeliveryMode = (typeof deliveryModes)[number]

export type SigningAlgorithm = 'RS256' | 'ES256'

/** What a client registers about itself, RFC 7591 §2 and OpenID Connect Registration §2, with our extensions below. */
export interface ClientMetadata {
  readonly client_name?: string
  readonly application_type: 'web' | 'native'
  readonly redirect_uris: readonly string[]
  readonly post_logout_redirect_uris: readonly string[]
  readonly grant_types: readonly string[]
  readonly response_types: readonly string[]
  readonly token_endpoint_auth_method: ClientAuthenticationMethod
  readonly token_endpoint_auth_signing_alg?: string
  readonly id_token_signed_response_alg: SigningAlgorithm
  /** Space-separated scopes the client may ask for. */
  readonly scope: string
  readonly contacts?: readonly string[]
  readonly client_uri?: string
  readonly logo_uri?: string
  readonly policy_uri?: string
  readonly tos_uri?: string
  readonly initiate_login_uri?: string
  readonly jwks?: JSONWebKeySet
  readonly jwks_uri?: string
  readonly default_max_age?: number
  readonly require_auth_time?: boolean
  readonly default_acr_values?: readonly string[]
  readonly require_pushed_authorization_requests?: boolean
  // CIBA §4.
  readonly backchannel_token_delivery_mode?: DeliveryMode
  readonly backchannel_client_notification_endpoint?: string
  readonly backchannel_authentication_request_signing_alg?: string
  readonly backchannel_user_code_parameter?: boolean
  readonly software_id?: string
  readonly software_version?: string
  // Ours.
  /** Refuse authorization requests without a code challenge; always so for public clients. */
  readonly require_pkce?: boolean
  /** Belongs to the operator, so people are not asked for consent. */
  readonly first_party?: boolean
  /** Resource indicators (RFC 8707) that the client may request tokens for. */
  readonly resource_indicators?: readonly string[]
  /** The resource indicator that this client, as a resource server, introspects tokens for. */
  readonly resource?: string
  readonly access_token_signed_response_alg?: SigningAlgorithm
  readonly access_token_format?: 'jwt' | 'opaque'
}

export interface ClientSecret {
  /** SHA-256, base64url: our secrets have 256 random bits, so a slow hash would add nothing. */
  readonly hash: string
  /** Seconds since the epoch; absent for the secret in force. */
  readonly expires_at?: number
}

/** A client as it is stored. */
export interface Client extends ClientMetadata {
  readonly v: 1
  readonly client_id: string
  /** Seconds since the epoch. */
  readonly client_id_issued_at: number
  readonly secrets: readonly ClientSecret[]
  readonly disabled: boolean
  /** Milliseconds of the last change; the ledger refuses whoever knows only an older one. */
  readonly revision: number
  /** Hash of the registration access token (RFC 7592 §3), for clients that manage themselves. */
  readonly registration_token_hash?: string
}

export function isPublic(client: Client): boolean {
  return client.token_endpoint_auth_method === 'none'
}

/** What pages call the client. */
export function displayName(client: Client): string {
  return client.client_name ?? client.client_id
}
