import * as v from 'valibot'
import { standardScopes } from './claims.ts'
import { Extensions, Standard } from './client-metadata-schema.ts'
import { type Client, type ClientMetadata, backchannelGrant, deviceCodeGrant } from './client.ts'
import { OAuthError } from './error.ts'
import { type RedirectPolicy, redirectUriProblem } from './registered-redirect-uri.ts'
import { parseScope } from './scope.ts'

/** Who registers, and what the environment allows. */
export interface MetadataPolicy {
  readonly issuer: string
  /** http on loopback is accepted in place of https. */
  readonly local: boolean
  /** Whether a Worker may fetch an address. */
  readonly fetchable: (address: string) => boolean
  /** Members that are the operator's to decide are dropped from what a client says about itself. */
  readonly by: 'operator' | 'client'
}

const defaultScope = standardScopes.join(' ')

type Given = v.InferOutput<typeof Standard>

/**
 * Client metadata as it will be registered, with its defaults (RFC 7591 §2, OpenID Connect Registration §2). Unknown
 * members are dropped; a null member counts as absent (RFC 7592 §2.2).
 * @throws OAuthError invalid_redirect_uri, invalid_client_metadata
 */
export function clientMetadata(input: unknown, policy: MetadataPolicy): ClientMetadata {
  const present = withoutNulls(input)
  const { subject_type: _, ...given } = parsed(Standard, present)
  const extensions = policy.by === 'operator' ? parsed(Extensions, present) : {}
  const native = given.application_type === 'native'
  const grants = [...new Set(given.grant_types ?? (['authorization_code'] as const))]
  const redirects = grants.includes('authorization_code')
  const method = given.token_endpoint_auth_method ?? 'client_secret_basic'
  const redirectPolicy = { native, local: policy.local }

  const redirectUris = checkRedirectUris(given.redirect_uris ?? [], redirects, redirectPolicy)
  checkResponseTypes(given.response_types, redirects)
  checkAuthentication(given, method, grants, policy)
  checkKeys(given)
  const backchannel = backchannelMembers(given, method, grants, policy)
  checkPages(given, policy)
  for (const resource of [
    ...(extensions.resource_indicators ?? []),
    ...(extensions.resource ? [extensions.resource] : []),
  ])
    if (!URL.canParse(resource) || resource.includes('#'))
      throw invalid('a resource is an absolute URI without fragment (RFC 8707)')
  for (const uri of given.post_logout_redirect_uris ?? [])
    refuse(redirectUriProblem(uri, redirectPolicy), 'post_logout_redirect_uris')

  return {
    ...given,
    ...extensions,
    ...backchannel,
    application_type: native ? 'native' : 'web',
    redirect_uris: redirectUris,
    post_logout_redirect_uris: [...new Set(given.post_logout_redirect_uris)],
    grant_types: grants,
    response_types: redirects ? ['code'] : [],
    token_endpoint_auth_method: method,
    id_token_signed_response_alg: given.id_token_signed_response_alg ?? 'RS256',
    scope: registeredScope(
      given.scope,
      redirects || grants.includes(deviceCodeGrant) || grants.includes(backchannelGrant),
      policy,
    ),
  }
}

/** What a client is told about its registration (RFC 7591 §3.2.1); never its secrets. */
export function registeredMetadata(client: Client): Record<string, unknown> {
  const {
    v: _,
    secrets: _secrets,
    disabled: _disabled,
    revision: _revision,
    registration_token_hash: _hash,
    ...told
  } = client
  return { ...told, subject_type: 'public' }
}

/** Those members of a client that only the operator decides about. */
export function operatorsMembers(client: Client): Partial<ClientMetadata> {
  return parsed(Extensions, client)
}

/** Whether a client has a secret, by the way it authenticates. */
export function needsSecret({ token_endpoint_auth_method: method }: ClientMetadata): boolean {
  return method === 'client_secret_basic' || method === 'client_secret_post'
}

function checkRedirectUris(uris: readonly string[], required: boolean, policy: RedirectPolicy): string[] {
  if (required && uris.length === 0) throw new OAuthError('invalid_redirect_uri', 'redirect_uris is missing')
  for (const uri of uris) {
    const problem = redirectUriProblem(uri, policy)
    if (problem) throw new OAuthError('invalid_redirect_uri', `a redirect URI ${problem}`)
  }
  return [...new Set(uris)]
}

/** RFC 7591 §2.1: the code grant and the response type `code` go together. */
function checkResponseTypes(types: readonly string[] | undefined, redirects: boolean): void {
  if (types !== undefined && types.includes('code') !== redirects)
    throw invalid('response_types and grant_types do not fit together')
}

function checkAuthentication(given: Given, method: string, grants: readonly string[], policy: MetadataPolicy): void {
  if (method === 'none' && grants.includes('client_credentials'))
    throw invalid('a client that does not authenticate cannot use client_credentials')
  if (given.jwks !== undefined && given.jwks_uri !== undefined) throw invalid('jwks and jwks_uri exclude each other')
  if (method === 'private_key_jwt' && given.jwks === undefined && given.jwks_uri === undefined)
    throw invalid('private_key_jwt needs jwks or jwks_uri')
  if (given.jwks_uri !== undefined && !policy.fetchable(given.jwks_uri))
    throw invalid('jwks_uri must be a public https address')
}

/**
 * Requests that reach people unasked are the operator's to permit, to a client that proves who it is; CIBA §4.
 */
function backchannelMembers(
  given: Given,
  method: string,
  grants: readonly string[],
  policy: MetadataPolicy,
): Partial<ClientMetadata> {
  if (!grants.includes(backchannelGrant)) return {}
  if (policy.by === 'client') throw invalid('only the operator can permit CIBA')
  if (method === 'none') throw invalid('CIBA needs a client that authenticates')
  const mode = given.backchannel_token_delivery_mode ?? 'poll'
  const endpoint = given.backchannel_client_notification_endpoint
  if (mode !== 'poll' && (endpoint === undefined || !policy.fetchable(endpoint)))
    throw invalid('backchannel_client_notification_endpoint must be a public https address')
  const signs = given.backchannel_authentication_request_signing_alg !== undefined
  if (signs && given.jwks === undefined && given.jwks_uri === undefined)
    throw invalid('signed authentication requests need jwks or jwks_uri')
  return { backchannel_token_delivery_mode: mode }
}

const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/** 2048 bits of modulus, base64url. */
const shortestModulus = 342

function checkKeys({ jwks }: Given): void {
  for (const key of jwks?.keys ?? []) {
    if (privateMembers.some((member) => member in key)) throw invalid('jwks contains a private key')
    if (key.kty === 'RSA' && (typeof key.n !== 'string' || key.n.length < shortestModulus))
      throw invalid('jwks: an RSA key needs 2048 bits')
  }
}

/** Addresses that people will see or be sent to; none on the issuer's own host, whose name would lend it trust. */
function checkPages(given: Given, { issuer, local }: MetadataPolicy): void {
  for (const member of ['client_uri', 'logo_uri', 'policy_uri', 'tos_uri'] as const) {
    const address = given[member]
    if (address === undefined) continue
    if (!/^https?:\/\/[\x21-\x7e]+$/.test(address) || !URL.canParse(address))
      throw invalid(`${member} must be an http or https address`)
    if (new URL(address).host === new URL(issuer).host) throw invalid(`${member} is on the host of the issuer`)
  }
  if (given.initiate_login_uri !== undefined)
    refuse(redirectUriProblem(given.initiate_login_uri, { native: false, local }), 'initiate_login_uri')
}

/** A client that registers itself gets standard scopes only; those of resource servers are the operator's to give. */
function registeredScope(asked: string | undefined, signsIn: boolean, policy: MetadataPolicy): string {
  if (asked === undefined) return signsIn ? defaultScope : ''
  const tokens = scopeTokens(asked)
  return (policy.by === 'operator' ? tokens : tokens.filter((token) => standardScopes.includes(token))).join(' ')
}

function scopeTokens(asked: string): string[] {
  try {
    return parseScope(asked)
  } catch (error) {
    throw invalid(error instanceof OAuthError ? error.message : 'scope is malformed')
  }
}

function parsed<T extends v.GenericSchema>(schema: T, input: unknown): v.InferOutput<T> {
  const result = v.safeParse(schema, input, { abortEarly: true })
  if (result.success) return result.output
  const member = result.issues[0].path?.[0]?.key
  if (member === 'redirect_uris') throw new OAuthError('invalid_redirect_uri', 'redirect_uris must be a list of URIs')
  throw invalid(typeof member === 'string' ? `${member} is not acceptable` : 'the metadata must be a JSON object')
}

function withoutNulls(input: unknown): unknown {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return undefined
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null))
}

function refuse(problem: string | undefined, member: string): void {
  if (problem) throw invalid(`${member}: an address ${problem}`)
}

function invalid(description: string): OAuthError {
  return new OAuthError('invalid_client_metadata', description)
}
