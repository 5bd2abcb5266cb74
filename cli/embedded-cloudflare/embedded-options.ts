import type { Fault } from './api/fault.ts'
import type { TokenOptions } from './api/token.ts'
import type { WorkerLog } from './log.ts'
import type { AccountOptions, ZoneOptions } from './state/seed.ts'

/** How to start an embedded Cloudflare. */
export interface EmbeddedCloudflareOptions {
  /** Everything it keeps: accounts, code, data, its own token. */
  readonly dataDir: string
  /** Where Workers answer; a free port when absent or 0. */
  readonly edgePort?: number
  /** Where the API answers; a free port when absent or 0. */
  readonly apiPort?: number
  /** More addresses for the edge, besides 127.0.0.1, such as `::1`. */
  readonly edgeHosts?: readonly string[]
  /** Accounts that must exist; what was kept of them stays. One named Local when absent. */
  readonly accounts?: readonly AccountOptions[]
  /** Zones that must exist. `localhost` in the first account when absent. */
  readonly zones?: readonly ZoneOptions[]
  /** Tokens besides its own, which may do everything. */
  readonly tokens?: readonly TokenOptions[]
  readonly faults?: readonly Fault[]
  /** The file for its address and token; `null` records nothing, absent the user's configuration folder. */
  readonly addressFile?: string | null
  /** What Workers write with `console`. */
  readonly onLog?: (log: WorkerLog) => void
  /** What workerd has to say, paths that are not known, and errors of its own. */
  readonly onMessage?: (message: string) => void
}
