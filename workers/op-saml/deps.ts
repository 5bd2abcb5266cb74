import type { AdminCall } from '../../shared/http/admin/call.ts'
import type { OperatorDeps } from '../../shared/http/admin/authenticate-operator.ts'
import type { WorkerContext } from '../../shared/http/context.ts'
import type { Interactions } from '../../shared/http/interactions.ts'
import type { Outbound } from '../../shared/http/outbound.ts'
import type { Sessions } from '../../shared/http/sessions.ts'
import type { Keyring } from '../../shared/keys/keyring.ts'
import type { Branding } from '../../shared/pages/branding.ts'
import type { BackupRows } from '../../shared/stores/d1/backup-table.ts'
import type { D1SamlLinks } from '../../shared/stores/d1/saml-links.ts'
import type { D1UserDirectory } from '../../shared/stores/d1/user-directory.ts'
import type { D1Users } from '../../shared/stores/d1/users.ts'
import type { GrantLedger } from '../../shared/stores/durable-objects/grant-ledger.ts'
import type { SessionStore } from '../../shared/stores/durable-objects/session-store.ts'
import type { SamlPartners } from '../../shared/stores/saml-partners.ts'
import type { LeasedKeys } from './leased-keys.ts'
import type { MetadataSource } from './partners/metadata-source.ts'

/** What the SAML Worker's handlers work with. */
export interface SamlDeps extends OperatorDeps {
  readonly local: boolean
  readonly branding: Branding
  readonly keyring: Keyring
  readonly keys: LeasedKeys
  readonly partners: SamlPartners
  readonly metadata: MetadataSource
  readonly users: D1Users
  /** The same people, for making and changing accounts. */
  readonly directory: D1UserDirectory
  /** Who people of identity providers are here. */
  readonly links: D1SamlLinks
  readonly sessions: Sessions
  readonly sessionStore: DurableObjectNamespace<SessionStore>
  readonly ledger: DurableObjectNamespace<GrantLedger>
  readonly interactions: Interactions
  readonly outbound: Outbound
  readonly rate: RateLimit
  /** What a backup holds under a name; undefined for a name that it does not know. */
  readonly backup: (table: string) => BackupRows | undefined
}

export type SamlCall = AdminCall<SamlDeps>

export type SamlContext = WorkerContext<SamlDeps>
