import { AccessTokens } from '../../shared/http/access-token.ts'
import { workerApp } from '../../shared/http/app.ts'
import { ClientAuthenticator } from '../../shared/http/authenticate-client.ts'
import { bearerChallenge } from '../../shared/http/bearer.ts'
import { errorResponse } from '../../shared/http/error-response.ts'
import { Outbound, isFetchable } from '../../shared/http/outbound.ts'
import { Keyring } from '../../shared/keys/keyring.ts'
import type { KeyLeaseService } from '../../shared/protocol/key-lease.ts'
import { Clients } from '../../shared/stores/clients.ts'
import { AuditTrail } from '../../shared/stores/d1/audit-trail.ts'
import { backupTable } from '../../shared/stores/d1/backup-table.ts'
import { D1ClientRegistry } from '../../shared/stores/d1/client-registry.ts'
import { D1UserDirectory } from '../../shared/stores/d1/user-directory.ts'
import type { GrantLedger } from '../../shared/stores/durable-objects/grant-ledger.ts'
import type { KeyManager } from '../../shared/stores/durable-objects/key-manager.ts'
import type { PendingRequests } from '../../shared/stores/durable-objects/pending-requests.ts'
import type { SessionStore } from '../../shared/stores/durable-objects/session-store.ts'
import type { Throttle } from '../../shared/stores/durable-objects/throttle.ts'
import { KvCarrier } from '../../shared/stores/kv/kv-carrier.ts'
import { adminRoutes } from '../../shared/http/admin/call.ts'
import { operations } from './admin/routes.ts'
import { ClientChanges } from './client-changes.ts'
import type { ManagementDeps } from './deps.ts'
import { introspect } from './introspect.ts'
import { register } from './register.ts'
import { deleteRegistration, readRegistration, updateRegistration } from './registration-management.ts'
import { revoke } from './revoke.ts'
import { SignOut } from './sign-out.ts'

interface Env {
  readonly ISSUER_URL: string
  readonly ENVIRONMENT: string
  readonly REGISTRATION?: string
  readonly CLIENTS: KVNamespace
  readonly DB: D1Database
  readonly KEY_MANAGER: DurableObjectNamespace<KeyManager>
  readonly GRANT_LEDGER: DurableObjectNamespace<GrantLedger>
  readonly SESSION_STORE: DurableObjectNamespace<SessionStore>
  readonly PENDING_REQUESTS: DurableObjectNamespace<PendingRequests>
  readonly SUPPORT_DECISIONS?: string
  readonly THROTTLE: DurableObjectNamespace<Throttle>
  readonly REGISTRATION_RATE: RateLimit
  readonly KEYS: KeyLeaseService
  readonly VERSION: WorkerVersionMetadata
}

export default workerApp<Env, ManagementDeps>({
  name: 'op-management',
  parts: (env) => ({ deps: dependencies(env), issuer: env.ISSUER_URL, versionId: env.VERSION.id }),
  routes: [
    { path: '/register', POST: register },
    { path: '/register/:client_id', GET: readRegistration, PUT: updateRegistration, DELETE: deleteRegistration },
    { path: '/introspect', POST: introspect },
    { path: '/revoke', POST: revoke, cors: true },
    ...adminRoutes(operations),
  ],
  fail: (c, error) => (error.code === 'invalid_token' ? bearerChallenge(c, error) : errorResponse(c, error)),
})

function dependencies(env: Env): ManagementDeps {
  const issuer = env.ISSUER_URL
  const local = env.ENVIRONMENT === 'local'
  const keyring = new Keyring(env.KEYS)
  const keyManager = () => env.KEY_MANAGER.getByName('keys')
  const ledger = env.GRANT_LEDGER
  const carrier = new KvCarrier(env.CLIENTS)
  const audit = new AuditTrail(env.DB)
  const registry = new D1ClientRegistry(env.DB, audit)
  return {
    issuer,
    registration: env.REGISTRATION === 'open' || env.REGISTRATION === 'token' ? env.REGISTRATION : 'closed',
    registrationRate: env.REGISTRATION_RATE,
    metadataRules: { issuer, local, fetchable: (address) => isFetchable(address, issuer, local) },
    keyring,
    tokens: new AccessTokens(keyring, ledger, issuer),
    authenticator: new ClientAuthenticator({
      clients: new Clients(carrier, registry),
      ledger,
      throttle: env.THROTTLE,
      outbound: new Outbound(issuer, local),
      issuer,
    }),
    ledger,
    pendingRequests: env.PENDING_REQUESTS,
    supportDecisions: env.SUPPORT_DECISIONS === 'on',
    keyManager,
    clients: registry,
    clientChanges: new ClientChanges(registry, carrier, ledger),
    users: new D1UserDirectory(env.DB, audit),
    backup: (table) => (table === 'keys' ? keyManager() : backupTable(env.DB, table)),
    signOut: new SignOut(env.SESSION_STORE, ledger),
    audit,
  }
}
