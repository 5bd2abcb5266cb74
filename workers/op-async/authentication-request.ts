import { requestedScope } from '../../shared/protocol/authorization-request.ts'
import type { Client } from '../../shared/protocol/client.ts'
import { OAuthError, invalidRequest } from '../../shared/protocol/error.ts'
import { requestedResources } from '../../shared/protocol/grant.ts'
import type { Parameters } from '../../shared/protocol/parameters.ts'
import { bindingMessage } from './binding-message.ts'

const hints = ['login_hint', 'login_hint_token', 'id_token_hint'] as const

/** Whom a client means. */
export interface Hint {
  readonly kind: (typeof hints)[number]
  readonly value: string
}

/** A valid authentication request, CIBA §7.1. */
export interface AuthenticationRequest {
  readonly scope: readonly string[]
  readonly resources: readonly string[]
  readonly hint: Hint
  readonly bindingMessage: string | undefined
  readonly userCode: string | undefined
  /** Seconds. */
  readonly lifetime: number
  /** For clients that are notified. */
  readonly notificationToken: string | undefined
}

/** Seconds. */
const usualLifetime = 300
const longestLifetime = 900

/**
 * Every rule of the request that needs no storage. `acr_values` is a wish (CIBA §7.1), and there is one way to sign in.
 * @throws OAuthError
 */
export function authenticationRequest(params: Parameters, client: Client, issuer: string): AuthenticationRequest {
  params.required('scope')
  const scope = requestedScope(params, client)
  if (!scope.includes('openid')) throw new OAuthError('invalid_scope', 'the scope needs openid')
  return {
    scope,
    resources: requestedResources(params.all('resource'), client, issuer),
    hint: onlyHint(params),
    bindingMessage: bindingMessage(params.get('binding_message')),
    userCode: params.get('user_code'),
    lifetime: lifetime(params.get('requested_expiry')),
    notificationToken: notificationToken(params.get('client_notification_token'), client),
  }
}

function onlyHint(params: Parameters): Hint {
  const given = hints.flatMap((kind) => {
    const value = params.get(kind)
    return value === undefined ? [] : [{ kind, value }]
  })
  const [hint] = given
  if (!hint || given.length > 1) throw invalidRequest(`exactly one of ${hints.join(', ')} is needed`)
  return hint
}

/** A client may wish for a longer life than it gets; the answer says which it got. */
function lifetime(asked: string | undefined): number {
  if (asked === undefined) return usualLifetime
  if (!/^[1-9]\d{0,8}$/.test(asked)) throw invalidRequest('requested_expiry must be a positive number of seconds')
  return Math.min(Number(asked), longestLifetime)
}

/** 128 bits or more, in at most 1024 characters of a bearer token (CIBA §7.1). */
function notificationToken(token: string | undefined, client: Client): string | undefined {
  if ((client.backchannel_token_delivery_mode ?? 'poll') === 'poll') return undefined
  if (token === undefined || !/^[\w.~+/-]{22,1024}=*$/.test(token) || token.length > 1024)
    throw invalidRequest('client_notification_token must be a bearer token of 22 to 1024 characters')
  return token
}
