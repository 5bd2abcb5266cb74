import { AccessTokens } from '../../shared/http/access-token.ts'
import { workerApp } from '../../shared/http/app.ts'
import { bearerChallenge } from '../../shared/http/bearer.ts'
import { Keyring } from '../../shared/keys/keyring.ts'
import type { KeyLeaseService } from '../../shared/protocol/key-lease.ts'
import { D1Users } from '../../shared/stores/d1/users.ts'
import type { GrantLedger } from '../../shared/stores/durable-objects/grant-ledger.ts'
import { PeopleWithCopies } from './people.ts'
import { type UserinfoDeps, userinfo } from './userinfo.ts'

interface Env {
  readonly ISSUER_URL: string
  readonly DB: D1Database
  readonly GRANT_LEDGER: DurableObjectNamespace<GrantLedger>
  readonly KEYS: KeyLeaseService
  readonly VERSION: WorkerVersionMetadata
}

export default workerApp<Env, UserinfoDeps>({
  name: 'op-userinfo',
  parts: (env) => ({
    deps: {
      issuer: env.ISSUER_URL,
      tokens: new AccessTokens(new Keyring(env.KEYS), env.GRANT_LEDGER, env.ISSUER_URL),
      users: new PeopleWithCopies(new D1Users(env.DB)),
    },
    issuer: env.ISSUER_URL,
    versionId: env.VERSION.id,
  }),
  routes: [{ path: '/userinfo', GET: userinfo, POST: userinfo, cors: true }],
  fail: bearerChallenge,
})
