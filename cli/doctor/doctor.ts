import kleur from 'kleur'
import { type EnvironmentAccount, openEnvironmentAccount } from '../cloudflare/environment-account.ts'
import type { Context } from '../context.ts'
import { lookAt } from '../deploy/deploy.ts'
import { exitStatus } from '../error.ts'
import { readWanted } from '../plan/wanted.ts'
import { sanitize } from '../ui/sanitize.ts'
import { examineAccount, examineToken } from './account.ts'
import { examined, type Finding } from './finding.ts'
import { examineMachine } from './machine.ts'
import { examineOutside } from './outside.ts'
import { examineBudget, examineService } from './service.ts'

/** `authrim doctor`: every check, each of which passes or says the fix. */
export async function doctor(ctx: Context, { fix }: { readonly fix: boolean }): Promise<void> {
  const at = await openEnvironmentAccount(ctx)
  let findings = await examineAll(ctx, at)
  const repairable = findings.filter(({ ok, repair }) => !ok && repair)
  if (fix && repairable.length > 0) {
    for (const { name, repair } of repairable) {
      await repair?.()
      ctx.report.note(`Repaired: ${name}`)
    }
    findings = await examineAll(ctx, at)
  }
  const failed = findings.filter(({ ok }) => !ok)
  const open = failed.filter(({ repair }) => repair).length
  const checks = findings.map(({ name, ok, detail, fix: advice }) => ({
    name,
    ok,
    detail,
    ...(advice !== undefined && { fix: advice }),
  }))
  ctx.report.answer({ checks }, () => [
    ...findings.flatMap(lines),
    '',
    failed.length === 0
      ? `  ${findings.length} checks passed.`
      : `  ${failed.length} of ${findings.length} checks failed.${open > 0 && !fix ? `  ${kleur.bold('authrim doctor --fix')} repairs ${open} of them.` : ''}`,
  ])
  if (failed.length > 0) process.exitCode = exitStatus.failed
}

async function examineAll(ctx: Context, at: EnvironmentAccount): Promise<Finding[]> {
  const line = ctx.progress.start('examining')
  const machine = await examineMachine(at)
  const token = await examineToken(at)
  const account = await examined(
    'account',
    async () => {
      const wanted = readWanted(at.environment, at.resources)
      const observed = await lookAt(at, wanted)
      return [
        ...(await examineAccount(at, wanted, observed)),
        ...(await examined('usage', () => examineBudget(at, wanted), '')),
      ]
    },
    'Check the token and the network',
  )
  const outside = await examineOutside(at.edge)
  const service = await examined('admin API', async () => examineService(await ctx.admin(), at.edge), 'authrim init')
  line.done()
  return [...machine, ...token, ...account, ...outside, ...service]
}

function lines({ name, ok, detail, fix }: Finding): string[] {
  const mark = ok ? kleur.green('✔') : kleur.red('✖')
  return [
    `  ${mark} ${name.padEnd(36)} ${sanitize(detail)}`,
    ...(fix === undefined || ok ? [] : [`      ${kleur.bold(sanitize(fix))}`]),
  ]
}
