import type { ClientAuthenticator } from '../../shared/http/authenticate-client.ts'
import type { WorkerContext } from '../../shared/http/context.ts'
import type { Keyring } from '../../shared/keys/keyring.ts'
import type { Clients } from '../../shared/stores/clients.ts'
import type { AuditLog } from '../../shared/stores/d1/audit-log.ts'
import type { D1Consents } from '../../shared/stores/d1/consents.ts'
import type { D1SignInProviders } from '../../shared/stores/d1/sign-in-providers.ts'
import type { D1Users } from '../../shared/stores/d1/users.ts'
import type { GrantLedger } from '../../shared/stores/durable-objects/grant-ledger.ts'
import type { NewGrants } from '../../shared/stores/new-grants.ts'
import type { Interactions } from '../../shared/http/interactions.ts'
import type { Branding } from '../../shared/pages/branding.ts'
import type { PasswordSignIn } from './password-sign-in.ts'
import type { PushedRequests } from './pushed-requests.ts'
import type { Sessions } from '../../shared/http/sessions.ts'

/** What the authorization Worker's handlers work with. */
export interface AuthDeps {
  readonly issuer: string
  readonly branding: Branding
  readonly keyring: Keyring
  readonly clients: Clients
  readonly authenticator: ClientAuthenticator
  readonly grants: NewGrants
  readonly ledger: DurableObjectNamespace<GrantLedger>
  readonly sessions: Sessions
  readonly interactions: Interactions
  readonly pushedRequests: PushedRequests
  readonly users: D1Users
  readonly consents: D1Consents
  readonly passwords: PasswordSignIn
  /** Identity providers whose people sign in here. */
  readonly providers: D1SignInProviders
  readonly audit: AuditLog
  /** Seconds. */
  readonly codeLifetime: number
}

export type AuthContext = WorkerContext<AuthDeps>
