import { resolve } from 'node:path'
import type { AdminClient } from '../admin/client.ts'
import { exportClients } from '../commands/clients-transfer.ts'
import type { Context } from '../context.ts'
import { CliError } from '../error.ts'
import { writeSecretFile } from '../secret-file.ts'
import { packageVersion } from '../version.ts'
import { type Contents, counts } from './contents.ts'
import { seal } from './container.ts'
import { countLines } from './lines.ts'
import { newPassphrase } from './passphrase.ts'
import { readRows } from './rows.ts'

export interface BackupOptions {
  readonly file: string
  readonly withKeys: boolean
  readonly passphraseFile: string | undefined
}

/** `authrim backup`: clients, people and SAML partners into one sealed file. */
export async function backup(ctx: Context, { file, withKeys, passphraseFile }: BackupOptions): Promise<void> {
  const { environment } = await ctx.environment()
  const passphrase = await newPassphrase(ctx, passphraseFile)
  const api = await ctx.admin()
  const line = ctx.progress.start('reading clients and people')
  try {
    const contents: Contents = {
      createdAt: new Date().toISOString(),
      release: packageVersion(),
      environment: environment.name,
      issuer: environment.issuer,
      clients: await exportClients(api),
      users: await readRows(api, 'users'),
      credentials: await readRows(api, 'credentials'),
      consents: await readRows(api, 'consents'),
      samlPartners: await readIfServed(api, 'samlPartners'),
      samlLinks: await readIfServed(api, 'samlLinks'),
      keys: withKeys ? await readRows(api, 'keys') : null,
    }
    const path = resolve(ctx.cwd, file)
    const sealed = await seal(JSON.stringify(contents), passphrase)
    write(path, sealed)
    line.done()
    const { createdAt } = contents
    ctx.report.answer(
      { backup: { file: path, environment: environment.name, createdAt, bytes: sealed.length, ...counts(contents) } },
      () => [
        ctx.report.done(`${path} holds ${environment.name} as it is now`),
        ...countLines(counts(contents)),
        ...(withKeys ? ['  Whoever opens it can sign tokens. Keep it, and the passphrase, apart and safe.'] : []),
      ],
    )
  } catch (error) {
    line.failed()
    throw error
  }
}

/** A deployed release that is older than this command may not have the table. */
async function readIfServed(api: AdminClient, table: 'samlPartners' | 'samlLinks'): ReturnType<typeof readRows> {
  try {
    return await readRows(api, table)
  } catch (error) {
    if (error instanceof CliError && error.code === 'not_found') return []
    throw error
  }
}

function write(path: string, contents: Buffer): void {
  try {
    writeSecretFile(path, contents)
  } catch (error) {
    if (error instanceof CliError) throw error
    throw new CliError(`${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`, {
      code: 'not_writable',
      hint: 'What stood there is unchanged. Choose another place, and run the command again.',
    })
  }
}
