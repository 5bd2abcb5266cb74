/** Every error code that a Worker answers with, and the HTTP status it travels under. */
const statuses = {
  // RFC 6749 §5.2, §4.1.2.1
  invalid_request: 400,
  invalid_client: 401,
  invalid_grant: 400,
  unauthorized_client: 400,
  unsupported_grant_type: 400,
  unsupported_response_type: 400,
  invalid_scope: 400,
  access_denied: 400,
  server_error: 500,
  temporarily_unavailable: 503,
  // RFC 8628 §3.5, CIBA §11, §13
  authorization_pending: 400,
  slow_down: 400,
  expired_token: 400,
  unknown_user_id: 400,
  missing_user_code: 400,
  invalid_user_code: 400,
  invalid_binding_message: 400,
  expired_login_hint_token: 400,
  // RFC 8707 §2
  invalid_target: 400,
  // OpenID Connect Core §3.1.2.6
  login_required: 400,
  interaction_required: 400,
  consent_required: 400,
  account_selection_required: 400,
  request_not_supported: 400,
  request_uri_not_supported: 400,
  registration_not_supported: 400,
  // RFC 9126 §2.1, RFC 9101 §7
  invalid_request_uri: 400,
  invalid_request_object: 400,
  // RFC 6750 §3.1
  invalid_token: 401,
  insufficient_scope: 403,
  // RFC 7591 §3.2.2
  invalid_redirect_uri: 400,
  invalid_client_metadata: 400,
  // RFC 7009 §2.2.1
  unsupported_token_type: 400,
  // HTTP-level refusals, the same in every Worker
  not_found: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  already_exists: 409,
  payload_too_large: 413,
  too_many_requests: 429,
} as const

export type OAuthErrorCode = keyof typeof statuses

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

  get status(): (typeof statuses)[OAuthErrorCode] {
    return statuses[this.code]
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

/** The storage that decides is out of reach: nothing was claimed, and the caller may try again. */
export function unavailable(reason: unknown, retryAfter = 2): OAuthError {
  return new OAuthError('temporarily_unavailable', 'try again shortly', { reason, retryAfter })
}
