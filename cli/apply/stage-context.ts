import type { WorkerName } from '../../shared/topology.ts'
import type { EnvironmentAccount } from '../cloudflare/environment-account.ts'
import type { WorkerChange } from '../plan/plan.ts'
import type { Check } from './checks.ts'
import type { GateLogin } from './gate-login.ts'
import type { Interruption } from './interruption.ts'

export interface RolloutOptions {
  readonly message: string
  /** Shares of traffic that a new version gets in turn; the last is 100. */
  readonly shares: readonly number[]
  /** Seconds between them. */
  readonly interval: number
  readonly healthCheck: boolean
}

export interface StageContext {
  readonly at: EnvironmentAccount
  readonly options: RolloutOptions
  readonly interruption: Interruption
  /** Uploads a version and answers its id; one that is to be created or replaced serves at once. */
  readonly upload: (change: WorkerChange) => Promise<string>
  /** Signs in as a client's person would. */
  readonly login: GateLogin
  /** Workers that are deployed before this stage. */
  readonly deployed: ReadonlySet<WorkerName>
  /** Says that this run is alive. */
  readonly renew: () => Promise<void>
}

export interface WorkerOutcome {
  readonly worker: WorkerName
  readonly from: string | null
  readonly to: string
  readonly versionId: string
  readonly share: number
  readonly checks: readonly Check[]
}
