import type { DefineCommand } from '../program.ts'

export const define: DefineCommand = (command, context) => {
  command
    .argument('<file>', 'where to write it')
    .option('--with-keys', 'private signing keys too: whoever opens the backup can then sign tokens')
    .option('--passphrase-file <file>', 'the passphrase, from a file or standard input (-)')
    .action(async (file: string, { withKeys, passphraseFile }: { withKeys?: true; passphraseFile?: string }) => {
      const { backup } = await import('../backup/backup.ts')
      await backup(context(), { file, withKeys: withKeys ?? false, passphraseFile })
    })
}
