import { workerApp } from '../../shared/http/app.ts'
import { ClientAuthenticator } from '../../shared/http/authenticate-client.ts'
import { Outbound } from '../../shared/http/outbound.ts'
import { Keyring } from '../../shared/keys/keyring.ts'
import type { KeyLeaseService } from '../../shared/protocol/key-lease.ts'
import { Clients } from '../../shared/stores/clients.ts'
import { AuditLog } from '../../shared/stores/d1/audit-log.ts'
import { D1ClientRecords } from '../../shared/stores/d1/client-records.ts'
import { D1Consents } from '../../shared/stores/d1/consents.ts'
import { D1SignInProviders } from '../../shared/stores/d1/sign-in-providers.ts'
import { D1Users } from '../../shared/stores/d1/users.ts'
import type { GrantLedger } from '../../shared/stores/durable-objects/grant-ledger.ts'
import type { PendingRequests } from '../../shared/stores/durable-objects/pending-requests.ts'
import type { SessionStore } from '../../shared/stores/durable-objects/session-store.ts'
import type { Throttle } from '../../shared/stores/durable-objects/throttle.ts'
import { KvCarrier } from '../../shared/stores/kv/kv-carrier.ts'
import { NewGrants } from '../../shared/stores/new-grants.ts'
import { account, endSession, revokeConsent } from './account.ts'
import { asset } from './assets.ts'
import { authorize, authorizeByPost } from './authorize.ts'
import { consent, showConsent } from './consent.ts'
import type { AuthDeps } from './deps.ts'
import { failure } from './html.ts'
import { Interactions } from '../../shared/http/interactions.ts'
import { logout, logoutByPost } from './logout.ts'
import { brandingOf } from '../../shared/pages/branding.ts'
import { pushAuthorizationRequest } from './par.ts'
import { changePassword, showPassword } from './password.ts'
import { PasswordSignIn } from './password-sign-in.ts'
import { PushedRequests } from './pushed-requests.ts'
import { selectAccount, showAccounts } from './select-account.ts'
import { Sessions } from '../../shared/http/sessions.ts'
import { showSignIn, signIn } from './signin.ts'

interface Env {
  readonly ISSUER_URL: string
  readonly ENVIRONMENT: string
  /** Seconds, as text. */
  readonly CODE_EXPIRY: string
  readonly SESSION_EXPIRY: string
  readonly PAR_EXPIRY: string
  /** JSON. */
  readonly BRANDING: string
  readonly CLIENTS: KVNamespace
  readonly AUTH_CODES: KVNamespace
  readonly DB: D1Database
  readonly GRANT_LEDGER: DurableObjectNamespace<GrantLedger>
  readonly SESSION_STORE: DurableObjectNamespace<SessionStore>
  readonly PENDING_REQUESTS: DurableObjectNamespace<PendingRequests>
  readonly THROTTLE: DurableObjectNamespace<Throttle>
  readonly PASSWORD_RATE: RateLimit
  readonly REQUEST_RATE: RateLimit
  readonly KEYS: KeyLeaseService
  readonly VERSION: WorkerVersionMetadata
}

export default workerApp<Env, AuthDeps>({
  name: 'op-auth',
  parts: (env) => {
    const issuer = env.ISSUER_URL
    const keyring = new Keyring(env.KEYS)
    const clients = new Clients(new KvCarrier(env.CLIENTS), new D1ClientRecords(env.DB))
    const users = new D1Users(env.DB)
    const ledger = env.GRANT_LEDGER
    const outbound = new Outbound(issuer, env.ENVIRONMENT === 'local')
    return {
      deps: {
        issuer,
        branding: brandingOf(env.BRANDING),
        keyring,
        clients,
        users,
        ledger,
        authenticator: new ClientAuthenticator({ clients, ledger, throttle: env.THROTTLE, outbound, issuer }),
        grants: new NewGrants(ledger, new KvCarrier(env.AUTH_CODES)),
        sessions: new Sessions(keyring, env.SESSION_STORE, Number(env.SESSION_EXPIRY)),
        interactions: new Interactions(keyring, env.PENDING_REQUESTS, env.REQUEST_RATE),
        pushedRequests: new PushedRequests(
          keyring,
          env.PENDING_REQUESTS,
          ledger,
          env.REQUEST_RATE,
          Number(env.PAR_EXPIRY),
        ),
        consents: new D1Consents(env.DB),
        passwords: new PasswordSignIn(users, env.THROTTLE, keyring, env.PASSWORD_RATE, env.KEYS),
        providers: new D1SignInProviders(env.DB),
        audit: new AuditLog(env.DB),
        codeLifetime: Number(env.CODE_EXPIRY),
      },
      issuer,
      versionId: env.VERSION.id,
    }
  },
  routes: [
    { path: '/authorize', GET: authorize, POST: authorizeByPost },
    { path: '/as/par', POST: pushAuthorizationRequest, cors: true },
    { path: '/signin', GET: showSignIn, POST: signIn },
    { path: '/select-account', GET: showAccounts, POST: selectAccount },
    { path: '/consent', GET: showConsent, POST: consent },
    { path: '/logout', GET: logout, POST: logoutByPost },
    { path: '/account', GET: account },
    { path: '/account/sessions/end', POST: endSession },
    { path: '/account/consents/revoke', POST: revokeConsent },
    { path: '/account/password', GET: showPassword, POST: changePassword },
    { path: '/assets/*', GET: asset, quiet: true },
  ],
  fail: failure,
})
