import type { ClientAuthenticator } from '../../shared/http/authenticate-client.ts'
import type { WorkerContext } from '../../shared/http/context.ts'
import type { SignedInPeople } from '../../shared/http/signed-in.ts'
import type { Keyring } from '../../shared/keys/keyring.ts'
import type { TokenIssuer } from '../../shared/keys/token-issuer.ts'
import type { Branding } from '../../shared/pages/branding.ts'
import type { Clients } from '../../shared/stores/clients.ts'
import type { AuditLog } from '../../shared/stores/d1/audit-log.ts'
import type { D1Consents } from '../../shared/stores/d1/consents.ts'
import type { D1RequestStops } from '../../shared/stores/d1/request-stops.ts'
import type { D1Users } from '../../shared/stores/d1/users.ts'
import type { GrantLedger } from '../../shared/stores/durable-objects/grant-ledger.ts'
import type { NewGrants } from '../../shared/stores/new-grants.ts'
import type { Asks } from './asks.ts'
import type { Attempts } from './attempts.ts'
import type { UserCodes } from './user-codes.ts'

/** What the handlers of this Worker work with. */
export interface AsyncDeps {
  readonly issuer: string
  readonly local: boolean
  readonly branding: Branding
  readonly keyring: Keyring
  readonly clients: Clients
  readonly authenticator: ClientAuthenticator
  readonly ledger: DurableObjectNamespace<GrantLedger>
  readonly grants: NewGrants
  readonly tokens: TokenIssuer
  readonly sessions: SignedInPeople
  readonly users: D1Users
  readonly userCodes: UserCodes
  readonly consents: D1Consents
  readonly stops: D1RequestStops
  readonly audit: AuditLog
  readonly asks: Asks
  readonly attempts: Attempts
  readonly deviceRate: RateLimit
  readonly backchannelRate: RateLimit
  /** Where the operator's own system learns of requests that wait, or empty. */
  readonly webhook: string
}

export type AsyncContext = WorkerContext<AsyncDeps>
