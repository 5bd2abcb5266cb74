/** Every error code that a Worker answers with. Types only: what a bundle carries are the statuses below. */
export type OAuthErrorCode =
  // RFC 6749 §5.2, §4.1.2.1
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'invalid_scope'
  | 'access_denied'
  | 'server_error'
  | 'temporarily_unavailable'
  // RFC 8628 §3.5, CIBA §11, §13
  | 'authorization_pending'
  | 'slow_down'
  | 'expired_token'
  | 'unknown_user_id'
  | 'missing_user_code'
  | 'invalid_user_code'
  | 'invalid_binding_message'
  | 'expired_login_hint_token'
  // RFC 8707 §2
  | 'invalid_target'
  // OpenID Connect Core §3.1.2.6
  | 'login_required'
  | 'interaction_required'
  | 'consent_required'
  | 'account_selection_required'
  | 'request_not_supported'
  | 'request_uri_not_supported'
  | 'registration_not_supported'
  // RFC 9126 §2.1, RFC 9101 §7
  | 'invalid_request_uri'
  | 'invalid_request_object'
  // RFC 6750 §3.1
  | 'invalid_token'
  | 'insufficient_scope'
  // RFC 7591 §3.2.2
  | 'invalid_redirect_uri'
  | 'invalid_client_metadata'
  // RFC 7009 §2.2.1
  | 'unsupported_token_type'
  // HTTP-level refusals, the same in every Worker
  | 'not_found'
  | 'method_not_allowed'
  | 'request_timeout'
  | 'already_exists'
  | 'payload_too_large'
  | 'too_many_requests'

type ErrorStatus = 400 | 401 | 403 | 404 | 405 | 408 | 409 | 413 | 429 | 500 | 503

/** The HTTP status of every code that does not travel under 400. */
const statuses: Partial<Record<OAuthErrorCode, ErrorStatus>> = {
  invalid_client: 401,
  invalid_token: 401,
  insufficient_scope: 403,
  not_found: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  already_exists: 409,
  payload_too_large: 413,
  too_many_requests: 429,
  server_error: 500,
  temporarily_unavailable: 503,
}

export interface OAuthErrorOptions {
  /** Reaches the log, never the wire. */
  readonly reason?: unknown
  /** Seconds for the `Retry-After` header. */
  readonly retryAfter?: number
}

/**
 * The one error that rules and handlers throw. `message` is the `error_description` that reaches the wire:
 * ASCII, no user data (RFC 6749 §5.2).
 */
export class OAuthError extends Error {
  readonly code: OAuthErrorCode
  readonly reason: unknown
  readonly retryAfter: number | undefined

  constructor(code: OAuthErrorCode, description: string, options: OAuthErrorOptions = {}) {
    super(description)
    this.code = code
    this.reason = options.reason
    this.retryAfter = options.retryAfter
  }

  get status(): ErrorStatus {
    return statuses[this.code] ?? 400
  }
}

export function invalidRequest(description: string, reason?: unknown): OAuthError {
  return new OAuthError('invalid_request', description, { reason })
}

export function invalidGrant(description: string, reason?: unknown): OAuthError {
  return new OAuthError('invalid_grant', description, { reason })
}

export function invalidClient(description: string, reason?: unknown): OAuthError {
  return new OAuthError('invalid_client', description, { reason })
}

/** Whoever asks has asked too often. `retryAfter` in seconds. */
export function tooManyRequests(retryAfter: number, description = 'too many requests', reason?: unknown): OAuthError {
  return new OAuthError('too_many_requests', description, { retryAfter, reason })
}

/** The storage that decides is out of reach: nothing was claimed, and the caller may try again. */
export function unavailable(reason: unknown, retryAfter = 2): OAuthError {
  return new OAuthError('temporarily_unavailable', 'try again shortly', { reason, retryAfter })
}
