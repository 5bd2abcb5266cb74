import { scriptName } from '../../shared/config.ts'
import type { WorkerName } from '../../shared/topology.ts'
import { openEnvironmentAccount } from '../cloudflare/environment-account.ts'
import { listDeployments } from '../cloudflare/scripts.ts'
import type { Context } from '../context.ts'
import { CliError } from '../error.ts'
import { stopSignal } from '../local/stop-signal.ts'
import { outputClosed } from '../ui/closed-output.ts'
import { safeJson } from '../ui/sanitize.ts'
import type { LogFilter } from './filter.ts'
import { logText } from './lines.ts'
import { followTail } from './tail-session.ts'
import { readTrace } from './trace.ts'

export interface LogsOptions {
  /** All that are deployed when empty. */
  readonly workers: readonly WorkerName[]
  readonly filter: LogFilter
  /** The share of requests to show. */
  readonly sample: number
}

/** `authrim logs`: what the Workers do, merged, until it is stopped. */
export async function logs(ctx: Context, { workers, filter, sample }: LogsOptions): Promise<void> {
  const { account, environment } = await openEnvironmentAccount(ctx)
  const scripts = workers.map((worker) => ({ worker, script: scriptName(environment.name, worker) }))
  const deployments = await Promise.all(scripts.map(({ script }) => listDeployments(account, script)))
  const deployed = scripts.filter((_, i) => deployments[i] !== undefined)
  if (deployed.length === 0) {
    throw new CliError(`None of these is deployed: ${workers.join(', ')}.`, {
      code: 'not_deployed',
      hint: 'authrim deploy',
    })
  }
  const stop = new AbortController()
  void Promise.race([stopSignal(), outputClosed()]).then(() => stop.abort())
  let open = 0
  const follow = ({ worker, script }: (typeof scripts)[number]) =>
    followTail({
      account,
      script,
      sample,
      signal: stop.signal,
      onNote: (text) => ctx.report.note(text),
      onOpen: () => {
        open += 1
        if (open === deployed.length)
          ctx.report.note(`Following ${deployed.map((one) => one.worker).join(', ')}. Ctrl-C ends it.`)
      },
      onMessage: (text) => {
        const line = readTrace(worker, text)
        if (line && filter(line)) process.stdout.write(`${ctx.json ? safeJson(line) : logText(line)}\n`)
      },
    })
  try {
    await Promise.all(deployed.map(follow))
  } finally {
    stop.abort()
  }
}
