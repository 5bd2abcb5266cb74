import { adminRoutes } from '../../shared/http/admin/call.ts'
import { workerApp } from '../../shared/http/app.ts'
import { bearerChallenge } from '../../shared/http/bearer.ts'
import { errorResponse } from '../../shared/http/error-response.ts'
import { Interactions } from '../../shared/http/interactions.ts'
import { Outbound } from '../../shared/http/outbound.ts'
import { Sessions } from '../../shared/http/sessions.ts'
import { Keyring } from '../../shared/keys/keyring.ts'
import { brandingOf } from '../../shared/pages/branding.ts'
import type { OAuthError } from '../../shared/protocol/error.ts'
import type { KeyLeaseService } from '../../shared/protocol/key-lease.ts'
import { AuditTrail } from '../../shared/stores/d1/audit-trail.ts'
import { samlBackup } from '../../shared/stores/d1/saml-backup.ts'
import { D1SamlLinks } from '../../shared/stores/d1/saml-links.ts'
import { D1SamlPartners } from '../../shared/stores/d1/saml-partners.ts'
import { D1UserDirectory } from '../../shared/stores/d1/user-directory.ts'
import { D1Users } from '../../shared/stores/d1/users.ts'
import type { GrantLedger } from '../../shared/stores/durable-objects/grant-ledger.ts'
import type { KeyManager } from '../../shared/stores/durable-objects/key-manager.ts'
import type { PendingRequests } from '../../shared/stores/durable-objects/pending-requests.ts'
import type { SessionStore } from '../../shared/stores/durable-objects/session-store.ts'
import { samlOperations } from './admin/routes.ts'
import { asset } from './assets.ts'
import type { SamlContext, SamlDeps } from './deps.ts'
import { failurePage } from './html.ts'
import { idpRoutes } from './idp/routes.ts'
import { LeasedKeys } from './leased-keys.ts'
import { MetadataSource, largestMetadata } from './partners/metadata-source.ts'
import { refreshDue } from './partners/refresh.ts'
import { spRoutes } from './sp/routes.ts'

interface Env {
  readonly ISSUER_URL: string
  readonly ENVIRONMENT: string
  /** Seconds, as text. */
  readonly SESSION_EXPIRY: string
  /** JSON. */
  readonly BRANDING: string
  readonly DB: D1Database
  readonly KEY_MANAGER: DurableObjectNamespace<KeyManager>
  readonly GRANT_LEDGER: DurableObjectNamespace<GrantLedger>
  readonly SESSION_STORE: DurableObjectNamespace<SessionStore>
  readonly PENDING_REQUESTS: DurableObjectNamespace<PendingRequests>
  readonly SAML_RATE: RateLimit
  readonly KEYS: KeyLeaseService
  readonly VERSION: WorkerVersionMetadata
}

/** Metadata in a JSON string, quotation marks and line ends escaped. Bytes. */
const largestAdminBody = 2 * largestMetadata

const app = workerApp<Env, SamlDeps>({
  name: 'op-saml',
  parts: (env) => ({ deps: dependencies(env), issuer: env.ISSUER_URL, versionId: env.VERSION.id }),
  routes: [
    ...idpRoutes,
    ...spRoutes,
    { path: '/saml/idp/assets/*', GET: asset, quiet: true },
    ...adminRoutes(samlOperations, largestAdminBody),
  ],
  fail: failure,
})

export default {
  ...app,
  /** Every hour: metadata that is due is fetched again. */
  async scheduled(_event: ScheduledController, env: Env): Promise<void> {
    const refreshes = await refreshDue(dependencies(env), Math.floor(Date.now() / 1000))
    if (refreshes.length > 0) console.log(JSON.stringify({ level: 'info', worker: 'op-saml', refreshes }))
  },
}

function dependencies(env: Env): SamlDeps {
  const issuer = env.ISSUER_URL
  const local = env.ENVIRONMENT === 'local'
  const keyring = new Keyring(env.KEYS)
  const audit = new AuditTrail(env.DB)
  const partners = new D1SamlPartners(env.DB, audit)
  return {
    issuer,
    local,
    branding: brandingOf(env.BRANDING),
    keyring,
    keys: new LeasedKeys(env.KEYS),
    ledger: env.GRANT_LEDGER,
    keyManager: () => env.KEY_MANAGER.getByName('keys'),
    audit,
    partners,
    metadata: new MetadataSource(new Outbound(issuer, local, largestMetadata), local),
    users: new D1Users(env.DB),
    directory: new D1UserDirectory(env.DB, audit),
    links: new D1SamlLinks(env.DB),
    sessions: new Sessions(keyring, env.SESSION_STORE, Number(env.SESSION_EXPIRY)),
    sessionStore: env.SESSION_STORE,
    interactions: new Interactions(keyring, env.PENDING_REQUESTS, env.SAML_RATE),
    outbound: new Outbound(issuer, local),
    rate: env.SAML_RATE,
    backup: (table) => samlBackup(env.DB, partners, table),
  }
}

/** A page for people, JSON for operators. */
function failure(c: SamlContext, error: OAuthError): Response | Promise<Response> {
  if (!c.req.path.startsWith('/admin/')) return failurePage(c, error)
  return error.code === 'invalid_token' ? bearerChallenge(c, error) : errorResponse(c, error)
}
