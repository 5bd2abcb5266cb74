import { parseDuration } from '../duration.ts'
import { usageError } from '../error.ts'
import type { DefineCommand } from '../program.ts'

export const define: DefineCommand = (command, context) => {
  command
    .option('--since <time>', 'how far back requests are counted, such as 24h', '1h')
    .option('--watch', 'keep it current until Ctrl-C')
    .option('--interval <time>', 'how often --watch looks', '10s')
    .action(async ({ since, watch, interval }: { since: string; watch?: true; interval: string }) => {
      const seconds = parseDuration(since, '--since')
      // Cloudflare keeps analytics of Workers for 90 days.
      if (seconds < 60 || seconds > 90 * 86_400) throw usageError(`--since ${since} is not from 60s to 90d.`)
      const { status } = await import('../status/status.ts')
      await status(context(), {
        since: seconds,
        watch: watch ? Math.max(1, parseDuration(interval, '--interval')) : undefined,
      })
    })
}
