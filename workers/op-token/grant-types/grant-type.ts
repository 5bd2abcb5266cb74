import type { ClientAuthenticator } from '../../../shared/http/authenticate-client.ts'
import type { Keyring } from '../../../shared/keys/keyring.ts'
import type { Lifetimes, TokenIssuer, TokenResponse } from '../../../shared/keys/token-issuer.ts'
import type { Client } from '../../../shared/protocol/client.ts'
import type { Parameters } from '../../../shared/protocol/parameters.ts'
import type { D1Users } from '../../../shared/stores/d1/users.ts'
import type { PendingRequests } from '../../../shared/stores/durable-objects/pending-requests.ts'
import type { Grants } from '../../../shared/stores/grants.ts'

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
  readonly pendingRequests: DurableObjectNamespace<PendingRequests>
  readonly users: D1Users
}

export interface TokenRequest {
  readonly params: Parameters
  readonly client: Client
  readonly deps: TokenDeps
  /** Seconds. */
  readonly now: number
}

/** What differs between grant types; the phases around it are the token endpoint's. */
export interface GrantType {
  issue(request: TokenRequest): Promise<TokenResponse>
}
