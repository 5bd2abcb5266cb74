import type { DefineCommand } from '../program.ts'

interface Options {
  readonly withKeys?: true
  readonly passphraseFile?: string
  readonly dryRun?: true
  readonly confirm?: string
}

export const define: DefineCommand = (command, context) => {
  command
    .argument('<file>', 'a file that authrim backup wrote')
    .option('--with-keys', 'put back the private signing keys too, in place of those of now')
    .option('--passphrase-file <file>', 'the passphrase, from a file or standard input (-)')
    .option('--dry-run', 'open it, show what it holds, and change nothing')
    .option('--confirm <environment>', 'the environment’s name, instead of typing it')
    .action(async (file: string, { withKeys, passphraseFile, dryRun, confirm }: Options) => {
      const { restore } = await import('../backup/restore.ts')
      await restore(context(), { file, withKeys: withKeys ?? false, passphraseFile, dryRun: dryRun ?? false, confirm })
    })
}
