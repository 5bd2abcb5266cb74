import type { AccountApi } from './account-api.ts'
import { tokenPage } from './permissions.ts'
import { tokenPermissions } from './token-permissions.ts'
import type { Context } from '../context.ts'
import { CliError, exitStatus } from '../error.ts'

/** Needed for watching only: without them everything but status and logs works. */
const OPTIONAL = ['Account Analytics Read', 'Workers Tail Read']

/** Refuses, before anything is changed, a token that lacks a permission. */
export async function checkPermissions(
  { report }: Context,
  account: AccountApi,
  zoneId: string | undefined,
): Promise<void> {
  const reports = await tokenPermissions(account, zoneId)
  const missing = reports.filter(({ state }) => state === 'missing').map(({ permission }) => permission)
  const needed = missing.filter(({ group }) => !OPTIONAL.includes(group))
  if (needed.length > 0) {
    throw new CliError(`The token lacks: ${needed.map(({ name, why }) => `${name} (${why})`).join('; ')}.`, {
      code: 'not_authorised',
      exitCode: exitStatus.notAuthorised,
      hint: `Add it at ${tokenPage}, and run the command again. Nothing was changed.`,
      details: { missing: needed.map(({ name }) => name) },
    })
  }
  for (const { name, why } of missing) report.note(`The token lacks ${name}, which ${why} needs.`)
  const unproven = reports.filter(({ state }) => state === 'unproven').length
  if (unproven > 0) report.note(`${unproven} permissions to write cannot be proven before they are used.`)
}
