import { setTimeout as sleep } from 'node:timers/promises'
import type { InferOutput } from 'valibot'
import { KeysAnswer } from '../admin/answers.ts'
import type { Edge } from '../apply/edge.ts'
import { readMetrics, type WorkerMetrics } from '../cloudflare/analytics.ts'
import { type EnvironmentAccount, openEnvironmentAccount } from '../cloudflare/environment-account.ts'
import type { ObservedWorker } from '../cloudflare/observe.ts'
import type { Context } from '../context.ts'
import { lookAt } from '../deploy/deploy.ts'
import { CliError } from '../error.ts'
import { releaseOf } from '../plan/deployment.ts'
import { readWanted, type WantedWorker } from '../plan/wanted.ts'
import { wranglerFiles } from '../project/wrangler-files.ts'
import { type PartnerHealth, readPartners } from '../saml/health.ts'
import { stopSignal } from '../local/stop-signal.ts'
import { outputClosed } from '../ui/closed-output.ts'
import { safeJson } from '../ui/sanitize.ts'
import { type Drift, driftOf } from './drift.ts'
import { statusLines } from './lines.ts'

export interface StatusOptions {
  /** Seconds that metrics reach back. */
  readonly since: number
  /** Seconds between two looks; undefined for a single one. */
  readonly watch: number | undefined
}

export interface WorkerStatus {
  readonly worker: string
  readonly release: string | null
  readonly versionId: string | null
  readonly share: number
  readonly healthy: boolean
  readonly requests: number | null
  readonly errorRate: number | null
  readonly cpuMs: WorkerMetrics['cpuMs'] | null
  readonly wallMs: WorkerMetrics['wallMs'] | null
  readonly outOfMemory: number | null
  readonly deployedAt: string | null
}

export type KeyStatus = Pick<InferOutput<typeof KeysAnswer>, 'keys' | 'schedule'>

export interface Status {
  readonly environment: string
  readonly issuer: string
  readonly since: string
  readonly workers: readonly WorkerStatus[]
  /** Null where the admin API does not answer. */
  readonly keys: KeyStatus | null
  /** Null where the admin API does not answer, or the deployed release has no SAML. */
  readonly saml: { readonly partners: readonly PartnerHealth[] } | null
  readonly drift: readonly Drift[]
}

/** `authrim status`, once or until it is stopped. */
export async function status(ctx: Context, { since, watch }: StatusOptions): Promise<void> {
  const at = await openEnvironmentAccount(ctx)
  if (watch === undefined) {
    const found = await lookOnce(ctx, at, since)
    ctx.report.answer(found, () => statusLines(found, Date.now()))
    return
  }
  const stop = new AbortController()
  void Promise.race([stopSignal(), outputClosed()]).then(() => stop.abort())
  while (!stop.signal.aborted) {
    const found = await lookOnce(ctx, at, since)
    if (ctx.json) process.stdout.write(`${safeJson(found)}\n`)
    else {
      if (process.stdout.isTTY) process.stdout.write('\u001b[H\u001b[2J')
      ctx.report.lines([...statusLines(found, Date.now()), ''])
    }
    await sleep(watch * 1000, undefined, { signal: stop.signal }).catch(() => undefined)
  }
}

async function lookOnce(ctx: Context, at: EnvironmentAccount, since: number): Promise<Status> {
  const wanted = readWanted(at.environment, at.resources)
  const now = new Date()
  const from = new Date(now.getTime() - since * 1000)
  const scripts = wanted.workers.map(({ script }) => script)
  const [observed, metrics, keys, partners, healths] = await Promise.all([
    lookAt(at, wanted),
    readMetrics(at.account, scripts, { from, to: now }),
    readKeys(ctx),
    partnersOf(ctx),
    Promise.all(wanted.workers.map(({ worker }) => isHealthy(at.edge, worker))),
  ])
  if (!metrics) ctx.report.note('The token lacks Account · Account Analytics · Read, so there are no metrics.')
  return {
    environment: at.environment.name,
    issuer: at.environment.issuer,
    since: from.toISOString(),
    workers: wanted.workers.map((worker, i) =>
      workerStatus(worker, {
        found: observed.workers.find((one) => one.worker === worker.worker),
        metrics: metrics && (metrics.find(({ script }) => script === worker.script) ?? 'none'),
        healthy: healths[i] ?? false,
      }),
    ),
    keys,
    saml: partners ? { partners } : null,
    drift: driftOf(wanted, observed, wranglerFiles(at.located.root, at.environment, at.resources)),
  }
}

interface Sight {
  readonly found: ObservedWorker | undefined
  /** `none`: there were no requests. Undefined: the token may not know. */
  readonly metrics: WorkerMetrics | 'none' | undefined
  readonly healthy: boolean
}

/** One Worker, from what was seen of it. */
export function workerStatus(
  { worker }: Pick<WantedWorker, 'worker'>,
  { found, metrics, healthy }: Sight,
): WorkerStatus {
  const [live] = found?.live ?? []
  const measured = metrics === 'none' ? undefined : metrics
  const requests = measured?.requests ?? (metrics === 'none' ? 0 : null)
  return {
    worker,
    release: live ? releaseOf(live) : null,
    versionId: live?.id ?? null,
    share: live?.percentage ?? 0,
    healthy: healthy && live !== undefined,
    requests,
    errorRate:
      measured && measured.requests > 0 ? round(measured.errors / measured.requests) : requests === 0 ? 0 : null,
    cpuMs: measured?.cpuMs ?? null,
    wallMs: measured?.wallMs ?? null,
    outOfMemory: measured?.outOfMemory ?? (metrics === 'none' ? 0 : null),
    deployedAt: found?.deployment.createdOn ?? null,
  }
}

async function isHealthy(edge: Edge, worker: string): Promise<boolean> {
  return edge.request(`/${worker}/health`).then(
    ({ status: code }) => code === 200,
    () => false,
  )
}

/** Keys through the admin API; what keeps it from answering is said, and no failure of the whole. */
async function readKeys(ctx: Context): Promise<KeyStatus | null> {
  try {
    const { keys, schedule } = await (await ctx.admin()).get('/keys', KeysAnswer)
    return { keys, ...(schedule && { schedule }) }
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    ctx.report.note(`Keys: ${error.message}`)
    return null
  }
}

/** What keeps the admin API from answering was said for the keys. */
async function partnersOf(ctx: Context): Promise<PartnerHealth[] | undefined> {
  try {
    return await readPartners(await ctx.admin())
  } catch (error) {
    if (error instanceof CliError) return undefined
    throw error
  }
}

function round(rate: number): number {
  return Math.round(rate * 10_000) / 10_000
}
