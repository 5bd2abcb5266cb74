import type { ClientAuthenticator } from '../../../shared/http/authenticate-client.ts'
import type { Keyring } from '../../../shared/keys/keyring.ts'
import type { Client } from '../../../shared/protocol/client.ts'
import type { Parameters } from '../../../shared/protocol/parameters.ts'
import type { Grants } from '../../../shared/stores/grants.ts'
import type { Lifetimes, TokenIssuer } from '../token-issuer.ts'

export interface TokenDeps {
  readonly issuer: string
  readonly keyring: Keyring
  readonly lifetimes: Lifetimes
  readonly authenticator: ClientAuthenticator
  /** Grants whose record `AUTH_CODES` carries. */
  readonly codes: Grants
  /** Grants whose record `REFRESH_TOKENS` carries. */
  readonly grants: Grants
  readonly tokens: TokenIssuer
}

export interface TokenRequest {
  readonly params: Parameters
  readonly client: Client
  readonly deps: TokenDeps
  /** Seconds. */
  readonly now: number
}

/** A successful answer, RFC 6749 §5.1. */
export interface TokenResponse {
  readonly access_token: string
  readonly token_type: 'Bearer'
  readonly expires_in: number
  readonly scope: string
  readonly id_token?: string
  readonly refresh_token?: string
}

/** What differs between grant types; the phases around it are the token endpoint's. */
export interface GrantType {
  issue(request: TokenRequest): Promise<TokenResponse>
}
