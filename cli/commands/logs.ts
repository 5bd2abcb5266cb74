import { usageError } from '../error.ts'
import type { DefineCommand } from '../program.ts'

interface Options {
  readonly status?: string
  readonly search?: string
  readonly sample?: string
}

export const define: DefineCommand = (command, context) => {
  command
    .argument('[worker...]', 'only of these Workers')
    .option('--status <status>', 'only requests that ended so: error, ok, 400, 4xx')
    .option('--search <text>', 'only requests that mention this text, such as a request id')
    .option('--sample <share>', 'only a share of the requests, such as 0.1')
    .action(async (names: string[], { status, search, sample }: Options) => {
      const [{ logs }, { logFilter }, { parseWorkers }, { workerNames }] = await Promise.all([
        import('../logs/logs.ts'),
        import('../logs/filter.ts'),
        import('../deploy/worker-names.ts'),
        import('../../shared/topology.ts'),
      ])
      await logs(context(), {
        workers: names.length === 0 ? workerNames : parseWorkers([...new Set(names)], 'logs'),
        filter: logFilter({ status, search }),
        sample: parseShare(sample),
      })
    })
}

function parseShare(text: string | undefined): number {
  const share = Number(text ?? 1)
  if (share > 0 && share <= 1) return share
  throw usageError(`--sample ${text} is not a share.`, 'Write a number over 0 and up to 1, such as 0.1.')
}
