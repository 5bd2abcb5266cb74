import { WorkerEntrypoint } from 'cloudflare:workers'
import { workerApp } from '../../shared/http/app.ts'
import { ReadyAnswers } from '../../shared/http/ready-answers.ts'
import type { GatePerson, KeyLeaseService, LeasedKeys } from '../../shared/protocol/key-lease.ts'
import type { KeyManager, KeyManagerEnv } from '../../shared/stores/durable-objects/key-manager.ts'
import { shard, shardOf } from '../../shared/stores/shards.ts'
import type { KeyUse } from '../../shared/topology.ts'
import { type DiscoveryDeps, jwks } from './jwks.ts'
import { metadata } from './metadata.ts'
import { redeemTicket } from './redeem-ticket.ts'

export { GrantLedger } from '../../shared/stores/durable-objects/grant-ledger.ts'
export { KeyManager } from '../../shared/stores/durable-objects/key-manager.ts'
export { PendingRequests } from '../../shared/stores/durable-objects/pending-requests.ts'
export { SessionStore } from '../../shared/stores/durable-objects/session-store.ts'
export { Throttle } from '../../shared/stores/durable-objects/throttle.ts'

interface Env extends KeyManagerEnv {
  readonly ISSUER_URL: string
  readonly REGISTRATION?: string
  readonly KEY_MANAGER: DurableObjectNamespace<KeyManager>
  readonly VERSION: WorkerVersionMetadata
}

/** Leases keys to the other Workers; what each may have is written into its service binding, out of its reach. */
export class KeyLease extends WorkerEntrypoint<Env, { uses: KeyUse[] }> implements KeyLeaseService {
  async lease(): Promise<LeasedKeys> {
    const now = Math.floor(Date.now() / 1000)
    return this.env.KEY_MANAGER.getByName('keys').lease(this.ctx.props.uses, now)
  }

  async redeemTicket(ticket: string, person: GatePerson): Promise<boolean> {
    if (!this.ctx.props.uses.includes('ticket')) return false
    const now = Math.floor(Date.now() / 1000)
    // What isolates have leased hides for a while that no key can be leased any more.
    await this.lease()
    return redeemTicket(
      ticket,
      person,
      {
        issuer: this.env.ISSUER_URL,
        operator: (kid) => this.env.KEY_MANAGER.getByName('keys').operator(kid, now),
        once: (key, expiresAt) => shard(this.env.GRANT_LEDGER, shardOf(key)).once(key, expiresAt),
      },
      now,
    )
  }
}

export default workerApp<Env, DiscoveryDeps>({
  name: 'op-discovery',
  ready: new ReadyAnswers(),
  parts: (env) => ({
    deps: {
      metadata: metadata.prepare(env.ISSUER_URL, env.REGISTRATION ?? 'closed'),
      publicKeys: (now) => env.KEY_MANAGER.getByName('keys').publicKeys(now),
    },
    issuer: env.ISSUER_URL,
    versionId: env.VERSION.id,
  }),
  routes: [
    { path: '/.well-known/openid-configuration', GET: metadata.respond, cors: true, quiet: true },
    { path: '/.well-known/oauth-authorization-server', GET: metadata.respond, cors: true, quiet: true },
    { path: '/.well-known/jwks.json', GET: jwks, cors: true, quiet: true },
  ],
})
