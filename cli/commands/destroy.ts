import type { DefineCommand } from '../program.ts'

interface Options {
  readonly keepData?: true
  readonly dryRun?: true
  readonly confirm?: string
  readonly breakLock?: true
}

export const define: DefineCommand = (command, context) => {
  command
    .option('--keep-data', 'keep database, KV namespaces and the Worker that holds the objects')
    .option('--dry-run', 'show what would go and what would stay, and change nothing')
    .option('--confirm <environment>', 'the environment’s name, instead of typing it')
    .option('--break-lock', 'take the lock of an operator who is gone')
    .action(async ({ keepData, dryRun, confirm, breakLock }: Options) => {
      const { destroy } = await import('../destroy/destroy.ts')
      await destroy(context(), {
        keepData: keepData ?? false,
        dryRun: dryRun ?? false,
        confirm,
        breakLock: breakLock ?? false,
      })
    })
}
