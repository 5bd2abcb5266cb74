import type { CommonErrorCode } from '../../../../shared/pages/words.ts'

/** The names under which every catalogue has its words. */

export type SignInProblem = 'wrong_credentials' | 'throttled' | 'busy' | 'missing' | 'expired'

export type NewPasswordProblem = 'missing' | 'too_short' | 'too_long' | 'common' | 'personal' | 'unchanged'

export const eventActions = [
  'sign_in',
  'sign_in_failed',
  'sign_out',
  'session_ended',
  'sessions_ended',
  'password_changed',
  'consent_granted',
  'consent_revoked',
] as const

export type EventAction = (typeof eventActions)[number]

export const notices = ['session_ended', 'sessions_ended', 'consent_revoked', 'password_changed'] as const

/** Error pages of this Worker alone. */
export type OwnErrorCode = 'unknown_client' | 'bad_redirect_uri' | 'expired_interaction' | 'other_browser'

export type ErrorCode = CommonErrorCode | OwnErrorCode
