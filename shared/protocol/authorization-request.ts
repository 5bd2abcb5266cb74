import type { Client } from './client.ts'
import { isPublic } from './client.ts'
import { OAuthError, invalidRequest } from './error.ts'
import { requestedResources } from './grant.ts'
import type { Parameters } from './parameters.ts'
import { codeChallenge } from './pkce.ts'
import { isRegisteredRedirectUri } from './redirect-uri.ts'
import { parseScope, permittedScope } from './scope.ts'

export const responseModes = ['query', 'fragment', 'form_post'] as const
export type ResponseMode = (typeof responseModes)[number]

export const prompts = ['none', 'login', 'consent', 'select_account'] as const
export type Prompt = (typeof prompts)[number]

/** Where an authorization response goes, once client and redirect URI are proven. */
export interface ResponseTarget {
  readonly redirectUri: string
  readonly mode: ResponseMode
  readonly state: string | undefined
}

/** A valid authorization request, RFC 6749 §4.1.1 and OpenID Connect Core §3.1.2.1. */
export interface AuthorizationRequest {
  readonly target: ResponseTarget
  /** As the client spelled it, or undefined when it relied on its only registration (RFC 6749 §3.1.2.3). */
  readonly redirectUri: string | undefined
  readonly scope: readonly string[]
  readonly codeChallenge: string | undefined
  readonly nonce: string | undefined
  readonly prompts: readonly Prompt[]
  /** Seconds. */
  readonly maxAge: number | undefined
  readonly loginHint: string | undefined
  readonly idTokenHint: string | undefined
  readonly acrValues: readonly string[]
  readonly uiLocales: string | undefined
  readonly resources: readonly string[]
}

/** Where errors of this request may be sent; until this holds, they stay on a page (RFC 6749 §4.1.2.1). */
export type TargetRefusal = 'bad_redirect_uri' | 'bad_request'

/** The redirect URI and response mode of a request, or why no response may leave the provider. */
export function responseTarget(params: Parameters, client: Client): ResponseTarget | TargetRefusal {
  if (params.repeated.includes('redirect_uri') || params.repeated.includes('client_id')) return 'bad_request'
  const asked = params.get('redirect_uri')
  const only = client.redirect_uris.length === 1 && !params.get('scope')?.split(' ').includes('openid')
  const redirectUri = asked ?? (only ? client.redirect_uris[0] : undefined)
  if (redirectUri === undefined) return 'bad_redirect_uri'
  if (
    asked !== undefined &&
    !isRegisteredRedirectUri(asked, client.redirect_uris, client.application_type === 'native')
  )
    return 'bad_redirect_uri'
  return { redirectUri, mode: responseMode(params), state: params.get('state') }
}

/**
 * How a response travels, errors of a response type that we do not serve included: whoever asks for a token in front
 * looks into the fragment, and a query must never carry one (OAuth 2.0 Multiple Response Type Encoding Practices §5).
 */
function responseMode(params: Parameters): ResponseMode {
  const asked = params.get('response_mode')
  const types = params.get('response_type')?.split(' ') ?? []
  const inFront = types.includes('token') || types.includes('id_token')
  if (isResponseMode(asked) && !(inFront && asked === 'query')) return asked
  return inFront ? 'fragment' : 'query'
}

/**
 * Every other rule of the request. Errors thrown here are for the client and travel to its redirect URI.
 * @throws OAuthError
 */
export function authorizationRequest(
  params: Parameters,
  target: ResponseTarget,
  client: Client,
  issuer: string,
): AuthorizationRequest {
  params.unrepeated()
  if (params.get('request') !== undefined)
    throw new OAuthError('request_not_supported', 'request objects are not supported')
  if (params.get('request_uri') !== undefined)
    throw new OAuthError('request_uri_not_supported', 'request_uri is only accepted from the PAR endpoint')
  checkResponseType(params, client)
  const mode = params.get('response_mode')
  if (mode !== undefined && !isResponseMode(mode)) throw invalidRequest('response_mode is not supported')
  return {
    target,
    redirectUri: params.get('redirect_uri'),
    scope: requestedScope(params, client),
    codeChallenge: codeChallenge(params, isPublic(client) || client.require_pkce === true),
    nonce: params.get('nonce'),
    prompts: requestedPrompts(params.get('prompt')),
    maxAge: maximumAge(params.get('max_age'), client.default_max_age),
    loginHint: params.get('login_hint'),
    idTokenHint: params.get('id_token_hint'),
    acrValues: params.get('acr_values')?.split(' ').filter(Boolean) ?? client.default_acr_values ?? [],
    uiLocales: params.get('ui_locales'),
    resources: requestedResources(params.all('resource'), client, issuer),
  }
}

function isResponseMode(value: string | undefined): value is ResponseMode {
  return responseModes.some((mode) => mode === value)
}

function isPrompt(value: string): value is Prompt {
  return prompts.some((prompt) => prompt === value)
}

function checkResponseType(params: Parameters, client: Client): void {
  const type = params.get('response_type')
  if (type === undefined) throw invalidRequest('response_type is missing')
  if (type !== 'code') throw new OAuthError('unsupported_response_type', 'response_type must be code')
  if (!client.response_types.includes('code') || !client.grant_types.includes('authorization_code'))
    throw new OAuthError('unauthorized_client', 'the client is not registered for the code flow')
}

/** Scopes outside the registration are dropped, and the token response says what was granted (RFC 6749 §3.3). */
export function requestedScope(params: Parameters, client: Client): string[] {
  const asked = parseScope(params.get('scope'))
  const permitted = permittedScope(asked, client.scope.split(' '))
  if (permitted.length === 0) throw new OAuthError('invalid_scope', 'none of the scopes is available to the client')
  // Without the grant, offline access would be promised at consent and never given (Core §11).
  return client.grant_types.includes('refresh_token') ? permitted : permitted.filter((s) => s !== 'offline_access')
}

function requestedPrompts(value: string | undefined): Prompt[] {
  const asked = value?.split(' ').filter(Boolean) ?? []
  // Our metadata names the values, so others are errors (Initiating User Registration §4.1).
  if (!asked.every(isPrompt)) throw invalidRequest('prompt has an unknown value')
  if (asked.includes('none') && asked.length > 1) throw invalidRequest('prompt=none stands alone')
  return asked
}

function maximumAge(value: string | undefined, fallback: number | undefined): number | undefined {
  if (value === undefined) return fallback
  if (!/^\d{1,10}$/.test(value)) throw invalidRequest('max_age must be a number of seconds')
  return Number(value)
}
