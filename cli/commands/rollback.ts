import { usageError } from '../error.ts'
import type { DefineCommand } from '../program.ts'

interface Options {
  readonly to?: string
  readonly all?: true
  readonly list?: true
  readonly message?: string
  readonly breakLock?: true
}

export const define: DefineCommand = (command, context) => {
  command
    .argument('[worker...]', 'the Workers to put back')
    .option('--to <version>', 'this version instead of the one that served before')
    .option('--all', 'every Worker, the one that holds the objects last')
    .option('--list', 'show what there is to go back to, and change nothing')
    .option('--message <text>', 'kept with the deployment')
    .option('--break-lock', 'take the lock of an operator who is gone')
    .action(async (names: string[], options: Options) => {
      const { to, message } = options
      const [all, list, breakLock] = [options.all ?? false, options.list ?? false, options.breakLock ?? false]
      const [{ rollback }, { parseWorkers }, { publishedWorkers }] = await Promise.all([
        import('../deploy/rollback.ts'),
        import('../deploy/worker-names.ts'),
        import('../../shared/topology.ts'),
      ])
      const named = names.length > 0
      if (!list && all === named) {
        throw usageError(all ? '--all is every Worker: name none.' : 'Name the Workers to put back, or give --all.')
      }
      if (to !== undefined && names.length !== 1) throw usageError('--to is a version of one Worker: name that one.')
      if (list) {
        const { listVersions } = await import('../deploy/versions.ts')
        await listVersions(context(), names.length > 0 ? parseWorkers(names, 'rollback') : publishedWorkers)
        return
      }
      const workers = all ? publishedWorkers : parseWorkers([...new Set(names)], 'rollback')
      await rollback(context(), { workers, all, to, message, breakLock })
    })
}
