import { CliError, usageError } from '../error.ts'
import type { DefineCommand } from '../program.ts'

export const define: DefineCommand = (command, context) => {
  command.argument('[worker...]', 'only these').action(async (names: string[]) => {
    const { report } = context()
    const [{ buildWorkers, kib }, { bundleFailure }, { isWorkerName, publishedWorkers }] = await Promise.all([
      import('../bundle/build-workers.ts'),
      import('../bundle-failure.ts'),
      import('../../shared/topology.ts'),
    ])
    const known = names.filter(isWorkerName)
    const unknown = names.find((name) => !isWorkerName(name))
    if (unknown !== undefined)
      throw usageError(`There is no Worker ${unknown}.`, `Workers: ${publishedWorkers.join(', ')}`)
    const build = await buildWorkers(known.length > 0 ? known : publishedWorkers).catch(bundleFailure)
    const over = build.workers.filter(({ overBudget }) => overBudget)
    if (over.length > 0 && context().json)
      throw overBudget(
        over.map(({ worker }) => worker),
        build,
      )
    report.list(
      build,
      build.workers,
      [
        { title: 'worker', value: ({ worker }) => worker },
        { title: 'raw', value: ({ bytes }) => kib(bytes) },
        { title: 'gzip', value: ({ gzipBytes }) => kib(gzipBytes) },
        { title: 'budget', value: ({ budgetBytes }) => kib(budgetBytes) },
        { title: 'used', value: ({ gzipBytes, budgetBytes }) => `${Math.round((gzipBytes / budgetBytes) * 100)} %` },
        { title: 'sha256', value: ({ sha256 }) => sha256.slice(0, 12) },
      ],
      'There are no Workers.',
    )
    if (over.length > 0)
      throw overBudget(
        over.map(({ worker }) => worker),
        build,
      )
  })
}

function overBudget(workers: readonly string[], details: unknown): CliError {
  return new CliError(`Over budget: ${workers.join(', ')}.`, {
    code: 'over_budget',
    hint: 'Budgets are in shared/topology.ts.',
    details,
  })
}
