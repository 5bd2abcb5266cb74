import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { AdminClient } from '../admin/client.ts'
import type { Context } from '../context.ts'
import { CliError, exitStatus, usageError } from '../error.ts'
import { shortTime } from '../ui/report.ts'
import { sanitize } from '../ui/sanitize.ts'
import { packageVersion } from '../version.ts'
import { type Contents, counts, parseContents, tables } from './contents.ts'
import { unseal } from './container.ts'
import { countLines } from './lines.ts'
import { knownPassphrase } from './passphrase.ts'
import { startEpoch, writeClients, writeRows } from './rows.ts'

export interface RestoreOptions {
  readonly file: string
  readonly withKeys: boolean
  readonly passphraseFile: string | undefined
  readonly dryRun: boolean
  readonly confirm: string | undefined
}

/** `authrim restore`: what a backup holds is put back as it was; what it does not hold stays. */
export async function restore(ctx: Context, options: RestoreOptions): Promise<void> {
  const { environment } = await ctx.environment()
  const file = read(resolve(ctx.cwd, options.file))
  const contents = parseContents(
    await unseal(file, await knownPassphrase(ctx, options.passphraseFile)),
    packageVersion(),
  )
  if (options.withKeys && !contents.keys) throw usageError('The backup holds no keys: it was made without --with-keys.')
  const found = { ...counts(contents), keys: options.withKeys ? (contents.keys?.length ?? 0) : 0 }
  const from = {
    environment: contents.environment,
    issuer: contents.issuer,
    createdAt: contents.createdAt,
    release: contents.release,
  }
  ctx.report.lines([
    `  ${sanitize(contents.environment)} · ${sanitize(contents.issuer)} · ${shortTime(contents.createdAt)} · authrim ${sanitize(contents.release)}`,
    ...countLines(found),
  ])
  if (contents.issuer !== environment.issuer)
    ctx.report.note(`The backup is of another issuer than ${environment.issuer}.`)
  if (contents.keys && !options.withKeys) ctx.report.note('Its keys stay out: --with-keys puts them back.')
  if (options.dryRun) {
    ctx.report.answer({ restore: { environment: environment.name, from, changed: false, ...found } }, () => [
      '  Nothing was changed (--dry-run).',
    ])
    return
  }
  await ctx.prompt.confirmRemoval(
    `Everyone on ${environment.name} is signed out, and clients and people become as they were.`,
    environment.name,
    options.confirm,
  )
  const restored = await putBack(ctx, await ctx.admin(), contents, options)
  const skipped = contents.users.length - restored.users
  ctx.report.answer(
    { restore: { environment: environment.name, from, changed: true, ...found, ...restored, skippedUsers: skipped } },
    () => [
      ctx.report.done(`${environment.name} is restored; every earlier session, code and token has ended`),
      // Workers keep the keys they leased for that long.
      '  People can sign in again within 30 seconds.',
      ...(skipped > 0 ? [`  ${skipped} people were left out: their address or user name is somebody else’s now.`] : []),
    ],
  )
}

/**
 * The epoch first: from there on nothing that was issued before counts, so a restore that breaks off has revived
 * nothing (fault F40), and another run completes it.
 */
async function putBack(ctx: Context, api: AdminClient, contents: Contents, { withKeys }: RestoreOptions) {
  const done: string[] = []
  const step = async <T>(label: string, action: () => Promise<T>): Promise<T> => {
    const line = ctx.progress.start(label)
    try {
      const result = await action()
      line.done()
      done.push(label)
      return result
    } catch (error) {
      line.failed()
      if (!(error instanceof CliError) || done.length === 0) throw error
      throw new CliError(`${error.message}\nDone: ${done.join(', ')}. Not done: ${label} and what follows.`, {
        code: error.code,
        exitCode: exitStatus.partial,
        hint: [error.hint, 'Run the same restore again: it goes over what is done without harm.']
          .filter(Boolean)
          .join('\n'),
        details: error.details,
      })
    }
  }
  if (withKeys) await step('keys', () => writeRows(api, 'keys', contents.keys ?? []))
  await step('new epoch', () => startEpoch(api))
  const restored = { users: 0, credentials: 0, consents: 0, samlPartners: 0, samlLinks: 0 }
  for (const table of tables) restored[table] = await step(table, () => writeRows(api, table, contents[table]))
  await step('clients', () => writeClients(api, contents.clients))
  return restored
}

function read(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw usageError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}
