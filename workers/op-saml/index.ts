import { adminRoutes } from '../../shared/http/admin/call.ts'
import { workerApp } from '../../shared/http/app.ts'
import { bearerChallenge } from '../../shared/http/bearer.ts'
import { errorResponse } from '../../shared/http/error-response.ts'
import { Outbound } from '../../shared/http/outbound.ts'
import type { KeyLeaseService } from '../../shared/protocol/key-lease.ts'
import { AuditTrail } from '../../shared/stores/d1/audit-trail.ts'
import { samlBackup } from '../../shared/stores/d1/saml-backup.ts'
import { D1SamlPartners } from '../../shared/stores/d1/saml-partners.ts'
import type { GrantLedger } from '../../shared/stores/durable-objects/grant-ledger.ts'
import type { KeyManager } from '../../shared/stores/durable-objects/key-manager.ts'
import { samlOperations } from './admin/routes.ts'
import type { SamlDeps } from './deps.ts'
import { LeasedKeys } from './leased-keys.ts'
import { MetadataSource, largestMetadata } from './partners/metadata-source.ts'

interface Env {
  readonly ISSUER_URL: string
  readonly ENVIRONMENT: string
  readonly DB: D1Database
  readonly KEY_MANAGER: DurableObjectNamespace<KeyManager>
  readonly GRANT_LEDGER: DurableObjectNamespace<GrantLedger>
  readonly KEYS: KeyLeaseService
  readonly VERSION: WorkerVersionMetadata
}

/** Metadata in a JSON string, quotation marks and line ends escaped. Bytes. */
const largestAdminBody = 2 * largestMetadata

export default workerApp<Env, SamlDeps>({
  name: 'op-saml',
  parts: (env) => ({ deps: dependencies(env), issuer: env.ISSUER_URL, versionId: env.VERSION.id }),
  routes: [...adminRoutes(samlOperations, largestAdminBody)],
  fail: (c, error) => (error.code === 'invalid_token' ? bearerChallenge(c, error) : errorResponse(c, error)),
})

function dependencies(env: Env): SamlDeps {
  const issuer = env.ISSUER_URL
  const local = env.ENVIRONMENT === 'local'
  const audit = new AuditTrail(env.DB)
  const partners = new D1SamlPartners(env.DB, audit)
  return {
    issuer,
    ledger: env.GRANT_LEDGER,
    keyManager: () => env.KEY_MANAGER.getByName('keys'),
    audit,
    partners,
    metadata: new MetadataSource(new Outbound(issuer, local, largestMetadata), local),
    keys: new LeasedKeys(env.KEYS),
    backup: (table) => samlBackup(env.DB, partners, table),
  }
}
