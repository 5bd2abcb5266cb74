import { workerApp } from '../../shared/http/app.ts'
import { ClientAuthenticator } from '../../shared/http/authenticate-client.ts'
import { Outbound } from '../../shared/http/outbound.ts'
import { Keyring } from '../../shared/keys/keyring.ts'
import { TokenIssuer } from '../../shared/keys/token-issuer.ts'
import type { KeyLeaseService } from '../../shared/protocol/key-lease.ts'
import { Clients } from '../../shared/stores/clients.ts'
import { D1ClientRecords } from '../../shared/stores/d1/client-records.ts'
import { D1Users } from '../../shared/stores/d1/users.ts'
import type { GrantLedger } from '../../shared/stores/durable-objects/grant-ledger.ts'
import type { PendingRequests } from '../../shared/stores/durable-objects/pending-requests.ts'
import type { Throttle } from '../../shared/stores/durable-objects/throttle.ts'
import { Grants } from '../../shared/stores/grants.ts'
import { KvCarrier } from '../../shared/stores/kv/kv-carrier.ts'
import type { TokenDeps } from './grant-types/grant-type.ts'
import { token } from './token.ts'

interface Env {
  readonly ISSUER_URL: string
  readonly ENVIRONMENT: string
  /** Seconds, as text. */
  readonly TOKEN_EXPIRY: string
  readonly ID_TOKEN_EXPIRY: string
  readonly REFRESH_TOKEN_EXPIRY: string
  readonly CLIENTS: KVNamespace
  readonly AUTH_CODES: KVNamespace
  readonly REFRESH_TOKENS: KVNamespace
  readonly DB: D1Database
  readonly GRANT_LEDGER: DurableObjectNamespace<GrantLedger>
  readonly PENDING_REQUESTS: DurableObjectNamespace<PendingRequests>
  readonly THROTTLE: DurableObjectNamespace<Throttle>
  readonly KEYS: KeyLeaseService
  readonly VERSION: WorkerVersionMetadata
}

export default workerApp<Env, TokenDeps>({
  name: 'op-token',
  parts: (env) => {
    const issuer = env.ISSUER_URL
    const keyring = new Keyring(env.KEYS)
    const outbound = new Outbound(issuer, env.ENVIRONMENT === 'local')
    const clients = new Clients(new KvCarrier(env.CLIENTS), new D1ClientRecords(env.DB))
    const lifetimes = {
      access: Number(env.TOKEN_EXPIRY),
      id: Number(env.ID_TOKEN_EXPIRY),
      refresh: Number(env.REFRESH_TOKEN_EXPIRY),
    }
    return {
      deps: {
        issuer,
        keyring,
        lifetimes,
        authenticator: new ClientAuthenticator({
          clients,
          ledger: env.GRANT_LEDGER,
          throttle: env.THROTTLE,
          outbound,
          issuer,
        }),
        codes: new Grants(env.GRANT_LEDGER, new KvCarrier(env.AUTH_CODES)),
        grants: new Grants(env.GRANT_LEDGER, new KvCarrier(env.REFRESH_TOKENS)),
        tokens: new TokenIssuer(issuer, keyring, env.GRANT_LEDGER, lifetimes),
        pendingRequests: env.PENDING_REQUESTS,
        users: new D1Users(env.DB),
      },
      issuer,
      versionId: env.VERSION.id,
    }
  },
  routes: [{ path: '/token', POST: token, cors: true }],
})
