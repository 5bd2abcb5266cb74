import { workerApp } from '../../shared/http/app.ts'
import { Interactions } from '../../shared/http/interactions.ts'
import { Outbound } from '../../shared/http/outbound.ts'
import { SignedInPeople } from '../../shared/http/signed-in.ts'
import { Keyring } from '../../shared/keys/keyring.ts'
import { brandingOf } from '../../shared/pages/branding.ts'
import type { KeyLeaseService } from '../../shared/protocol/key-lease.ts'
import { AuditLog } from '../../shared/stores/d1/audit-log.ts'
import { AuditTrail } from '../../shared/stores/d1/audit-trail.ts'
import { D1SamlPartners } from '../../shared/stores/d1/saml-partners.ts'
import { D1Users } from '../../shared/stores/d1/users.ts'
import type { GrantLedger } from '../../shared/stores/durable-objects/grant-ledger.ts'
import type { PendingRequests } from '../../shared/stores/durable-objects/pending-requests.ts'
import type { SessionStore } from '../../shared/stores/durable-objects/session-store.ts'
import { asset } from './assets.ts'
import type { SamlDeps } from './deps.ts'
import { failure } from './html.ts'
import { metadata } from './idp/metadata.ts'
import { resume, sso, ssoByPost, start } from './idp/sso.ts'
import { LeasedKeys } from './leased-keys.ts'

interface Env {
  readonly ISSUER_URL: string
  readonly ENVIRONMENT: string
  /** JSON. */
  readonly BRANDING: string
  readonly DB: D1Database
  readonly GRANT_LEDGER: DurableObjectNamespace<GrantLedger>
  readonly SESSION_STORE: DurableObjectNamespace<SessionStore>
  readonly PENDING_REQUESTS: DurableObjectNamespace<PendingRequests>
  readonly SAML_RATE: RateLimit
  readonly KEYS: KeyLeaseService
  readonly VERSION: WorkerVersionMetadata
}

export default workerApp<Env, SamlDeps>({
  name: 'op-saml',
  parts: (env) => ({ deps: dependencies(env), issuer: env.ISSUER_URL, versionId: env.VERSION.id }),
  routes: [
    { path: '/saml/idp/metadata', GET: metadata, cors: true },
    { path: '/saml/idp/sso', GET: sso, POST: ssoByPost },
    { path: '/saml/idp/start/:alias', GET: start },
    { path: '/saml/idp/continue', GET: resume },
    { path: '/saml/idp/assets/*', GET: asset, quiet: true },
  ],
  fail: failure,
})

function dependencies(env: Env): SamlDeps {
  const issuer = env.ISSUER_URL
  const local = env.ENVIRONMENT === 'local'
  const keyring = new Keyring(env.KEYS)
  return {
    issuer,
    local,
    branding: brandingOf(env.BRANDING),
    keyring,
    keys: new LeasedKeys(env.KEYS),
    partners: new D1SamlPartners(env.DB, new AuditTrail(env.DB)),
    users: new D1Users(env.DB),
    sessions: new SignedInPeople(keyring, env.SESSION_STORE),
    sessionStore: env.SESSION_STORE,
    ledger: env.GRANT_LEDGER,
    interactions: new Interactions(keyring, env.PENDING_REQUESTS, env.SAML_RATE),
    audit: new AuditLog(env.DB),
    outbound: new Outbound(issuer, local),
    rate: env.SAML_RATE,
  }
}
