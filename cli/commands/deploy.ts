import { parseDuration } from '../duration.ts'
import { usageError } from '../error.ts'
import type { DefineCommand } from '../program.ts'

interface Options {
  readonly only?: string
  readonly dryRun?: true
  readonly exitCode?: true
  readonly gradual?: string
  readonly interval: string
  readonly message?: string
  readonly force?: true
  readonly healthCheck: boolean
  readonly breakLock?: true
}

export const define: DefineCommand = (command, context) => {
  command
    .option('--only <workers>', 'only these Workers, separated by commas')
    .option('--dry-run', 'show the plan and change nothing')
    .option('--exit-code', 'with --dry-run: status 3 when there is something to do')
    .option('--gradual <percents>', 'shares of traffic for new versions in turn, such as 10,50,100')
    .option('--interval <time>', 'how long each share lasts', '60s')
    .option('--message <text>', 'kept with the versions; see authrim versions')
    .option('--force', 'overwrite wrangler.toml files that were changed by hand, and replace a lost secret')
    .option('--no-health-check', 'do not check new versions')
    .option('--break-lock', 'take the lock of an operator who is gone')
    .action(async (options: Options) => {
      const [{ deploy }, { parseWorkers }] = await Promise.all([
        import('../deploy/deploy.ts'),
        import('../deploy/worker-names.ts'),
      ])
      await deploy(context(), {
        only: options.only === undefined ? [] : parseWorkers(options.only.split(','), '--only'),
        dryRun: options.dryRun ?? false,
        exitCode: options.exitCode ?? false,
        shares: parseShares(options.gradual),
        interval: parseDuration(options.interval, '--interval'),
        message: options.message,
        force: options.force ?? false,
        healthCheck: options.healthCheck,
        breakLock: options.breakLock ?? false,
      })
    })
}

/** Rising percentages that end with 100. */
function parseShares(text: string | undefined): number[] {
  if (text === undefined) return [100]
  const shares = text.split(',').map(Number)
  const rising = shares.every((share, i) => share > (shares[i - 1] ?? 0) && share <= 100)
  if (rising && shares.at(-1) === 100) return shares
  throw usageError(`--gradual ${text} is not a list of rising percentages that ends with 100.`, 'Write 10,50,100.')
}
