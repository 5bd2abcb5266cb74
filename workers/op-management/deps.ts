import type { AccessTokens } from '../../shared/http/access-token.ts'
import type { ClientAuthenticator } from '../../shared/http/authenticate-client.ts'
import type { AdminCall } from '../../shared/http/admin/call.ts'
import type { WorkerContext } from '../../shared/http/context.ts'
import type { Keyring } from '../../shared/keys/keyring.ts'
import type { MetadataPolicy } from '../../shared/protocol/client-metadata.ts'
import type { AuditTrail } from '../../shared/stores/d1/audit-trail.ts'
import type { BackupRows } from '../../shared/stores/d1/backup-table.ts'
import type { D1ClientRegistry } from '../../shared/stores/d1/client-registry.ts'
import type { D1UserDirectory } from '../../shared/stores/d1/user-directory.ts'
import type { GrantLedger } from '../../shared/stores/durable-objects/grant-ledger.ts'
import type { KeyManager } from '../../shared/stores/durable-objects/key-manager.ts'
import type { PendingRequests } from '../../shared/stores/durable-objects/pending-requests.ts'
import type { ClientChanges } from './client-changes.ts'
import type { SignOut } from './sign-out.ts'

/** Who may register a client over HTTP. */
export type RegistrationMode = 'closed' | 'token' | 'open'

/** What the management Worker's handlers work with. */
export interface ManagementDeps {
  readonly issuer: string
  readonly registration: RegistrationMode
  readonly registrationRate: RateLimit
  /** The rules of client metadata, apart from who registers. */
  readonly metadataRules: Omit<MetadataPolicy, 'by'>
  readonly keyring: Keyring
  readonly tokens: AccessTokens
  readonly authenticator: ClientAuthenticator
  readonly ledger: DurableObjectNamespace<GrantLedger>
  readonly pendingRequests: DurableObjectNamespace<PendingRequests>
  /** Whether operators may decide in the place of people. */
  readonly supportDecisions: boolean
  /** A fresh stub, since one belongs to the request that made it. */
  readonly keyManager: () => DurableObjectStub<KeyManager>
  readonly clients: D1ClientRegistry
  readonly clientChanges: ClientChanges
  readonly users: D1UserDirectory
  /** What a backup holds under a name; undefined for a name that it does not know. */
  readonly backup: (table: string) => BackupRows | undefined
  readonly signOut: SignOut
  readonly audit: AuditTrail
}

export type ManagementCall = AdminCall<ManagementDeps>

export type ManagementContext = WorkerContext<ManagementDeps>
