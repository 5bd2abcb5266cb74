import type { AdminCall } from '../../shared/http/admin/call.ts'
import type { OperatorDeps } from '../../shared/http/admin/authenticate-operator.ts'
import type { WorkerContext } from '../../shared/http/context.ts'
import type { BackupRows } from '../../shared/stores/d1/backup-table.ts'
import type { SamlPartners } from '../../shared/stores/saml-partners.ts'
import type { LeasedKeys } from './leased-keys.ts'
import type { MetadataSource } from './partners/metadata-source.ts'

/** What the SAML Worker's handlers work with. */
export interface SamlDeps extends OperatorDeps {
  readonly partners: SamlPartners
  readonly metadata: MetadataSource
  readonly keys: LeasedKeys
  /** What a backup holds under a name; undefined for a name that it does not know. */
  readonly backup: (table: string) => BackupRows | undefined
}

export type SamlCall = AdminCall<SamlDeps>

export type SamlContext = WorkerContext<SamlDeps>
