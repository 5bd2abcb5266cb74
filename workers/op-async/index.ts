import { workerApp } from '../../shared/http/app.ts'
import { ClientAuthenticator } from '../../shared/http/authenticate-client.ts'
import { Outbound } from '../../shared/http/outbound.ts'
import { SignedInPeople } from '../../shared/http/signed-in.ts'
import { Keyring } from '../../shared/keys/keyring.ts'
import { TokenIssuer } from '../../shared/keys/token-issuer.ts'
import { brandingOf } from '../../shared/pages/branding.ts'
import type { KeyLeaseService } from '../../shared/protocol/key-lease.ts'
import type { Carrier } from '../../shared/stores/carrier.ts'
import { Clients } from '../../shared/stores/clients.ts'
import { AuditLog } from '../../shared/stores/d1/audit-log.ts'
import { D1ClientRecords } from '../../shared/stores/d1/client-records.ts'
import { D1Consents } from '../../shared/stores/d1/consents.ts'
import { D1RequestStops } from '../../shared/stores/d1/request-stops.ts'
import { D1Users } from '../../shared/stores/d1/users.ts'
import type { GrantLedger } from '../../shared/stores/durable-objects/grant-ledger.ts'
import type { PendingRequests } from '../../shared/stores/durable-objects/pending-requests.ts'
import type { SessionStore } from '../../shared/stores/durable-objects/session-store.ts'
import type { Throttle } from '../../shared/stores/durable-objects/throttle.ts'
import { KvCarrier } from '../../shared/stores/kv/kv-carrier.ts'
import { NewGrants } from '../../shared/stores/new-grants.ts'
import { postApproval, showApprovals } from './approvals.ts'
import { Asks } from './asks.ts'
import { asset } from './assets.ts'
import { Attempts } from './attempts.ts'
import { backchannelAuthentication } from './backchannel-authentication.ts'
import type { AsyncDeps } from './deps.ts'
import { postDevice, showDevice } from './device.ts'
import { deviceAuthorization } from './device-authorization.ts'
import { failure } from './html.ts'
import { UserCodes } from './user-codes.ts'

interface Env {
  readonly ISSUER_URL: string
  readonly ENVIRONMENT: string
  /** Seconds, as text. */
  readonly TOKEN_EXPIRY: string
  readonly ID_TOKEN_EXPIRY: string
  readonly REFRESH_TOKEN_EXPIRY: string
  /** JSON. */
  readonly BRANDING: string
  readonly APPROVAL_WEBHOOK?: string
  readonly CLIENTS: KVNamespace
  readonly DB: D1Database
  readonly GRANT_LEDGER: DurableObjectNamespace<GrantLedger>
  readonly SESSION_STORE: DurableObjectNamespace<SessionStore>
  readonly PENDING_REQUESTS: DurableObjectNamespace<PendingRequests>
  readonly THROTTLE: DurableObjectNamespace<Throttle>
  readonly DEVICE_RATE: RateLimit
  readonly BACKCHANNEL_RATE: RateLimit
  readonly KEYS: KeyLeaseService
  readonly VERSION: WorkerVersionMetadata
}

/** The object that decides has the grant's record as well, so nothing needs to carry it. */
const nothing: Carrier = {
  get: async () => undefined,
  put: async () => undefined,
  delete: async () => undefined,
}

export default workerApp<Env, AsyncDeps>({
  name: 'op-async',
  parts: (env) => ({ deps: dependencies(env), issuer: env.ISSUER_URL, versionId: env.VERSION.id }),
  routes: [
    { path: '/device_authorization', POST: deviceAuthorization, cors: true },
    { path: '/device', GET: showDevice, POST: postDevice },
    { path: '/bc-authorize', POST: backchannelAuthentication },
    { path: '/approvals', GET: showApprovals, POST: postApproval },
    { path: '/approvals/assets/*', GET: asset, quiet: true },
  ],
  fail: failure,
})

function dependencies(env: Env): AsyncDeps {
  const issuer = env.ISSUER_URL
  const local = env.ENVIRONMENT === 'local'
  const keyring = new Keyring(env.KEYS)
  const ledger = env.GRANT_LEDGER
  const clients = new Clients(new KvCarrier(env.CLIENTS), new D1ClientRecords(env.DB))
  const outbound = new Outbound(issuer, local)
  const lifetimes = {
    access: Number(env.TOKEN_EXPIRY),
    id: Number(env.ID_TOKEN_EXPIRY),
    refresh: Number(env.REFRESH_TOKEN_EXPIRY),
  }
  return {
    issuer,
    local,
    branding: brandingOf(env.BRANDING),
    keyring,
    clients,
    authenticator: new ClientAuthenticator({ clients, ledger, throttle: env.THROTTLE, outbound, issuer }),
    ledger,
    grants: new NewGrants(ledger, nothing),
    tokens: new TokenIssuer(issuer, keyring, ledger, lifetimes),
    sessions: new SignedInPeople(keyring, env.SESSION_STORE),
    users: new D1Users(env.DB),
    userCodes: new UserCodes(env.DB),
    consents: new D1Consents(env.DB),
    stops: new D1RequestStops(env.DB),
    audit: new AuditLog(env.DB),
    asks: new Asks(keyring, env.PENDING_REQUESTS),
    attempts: new Attempts(env.THROTTLE),
    deviceRate: env.DEVICE_RATE,
    backchannelRate: env.BACKCHANNEL_RATE,
    webhook: env.APPROVAL_WEBHOOK ?? '',
  }
}
