import { segment } from '../admin/query.ts'
import { parseDuration } from '../duration.ts'
import type { DefineCommand } from '../program.ts'
import { readInput } from '../secret-file.ts'
import { verb } from '../ui/help.ts'
import { pairs, shortTime } from '../ui/report.ts'
import { sanitize } from '../ui/sanitize.ts'

export const define: DefineCommand = (noun, context) => {
  verb(noun, 'list', 'list who may call the admin API', 'authrim operators list').action(async () => {
    const { report, admin } = context()
    const api = await admin()
    const { OperatorsAnswer } = await import('../admin/answers.ts')
    const answer = await api.get('/operators', OperatorsAnswer)
    report.list(
      { ...answer, nextCursor: null },
      answer.operators,
      [
        { title: 'kid', value: ({ kid }) => kid },
        { title: 'name', value: ({ name }) => name },
        { title: 'created', value: ({ createdAt }) => shortTime(createdAt) },
        { title: 'expires', value: ({ expiresAt }) => shortTime(expiresAt) ?? 'never' },
      ],
      'There are no operators.',
    )
  })

  verb(noun, 'add <public-key>', 'admit an operator', 'authrim operators add grace.jwk --name Grace --expires-in 90d')
    .addHelpText('before', 'public-key: a file with the Ed25519 public JWK, - for standard input, or the JWK itself\n')
    .option('--name <name>', 'who this is, for the list and the audit log')
    .option('--expires-in <duration>', 'how long the key is accepted: 12h, 90d; without it, until removed')
    .action(async (source: string, { name, expiresIn }: { name?: string; expiresIn?: string }) => {
      const { report, prompt, admin } = context()
      const seconds = expiresIn === undefined ? undefined : parseDuration(expiresIn, '--expires-in')
      const { publicOperatorJwk } = await import('../admin/operator-key.ts')
      const text = source.startsWith('{') ? source : await readInput(source, 'public-key')
      const publicKey = publicOperatorJwk(text, source.startsWith('{') ? 'public-key' : source)
      const operatorName = name ?? (await prompt.text('Who is this?', '--name'))
      const api = await admin()
      const { OperatorAnswer } = await import('../admin/answers.ts')
      const expiresAt = seconds === undefined ? undefined : new Date(Date.now() + seconds * 1000).toISOString()
      const answer = await api.post(
        '/operators',
        { name: operatorName, publicKey, ...(expiresAt && { expiresAt }) },
        OperatorAnswer,
      )
      const { operator } = answer
      report.answer(answer, () => [
        report.done(`${sanitize(operator.name)} may call the admin API`),
        ...pairs([
          ['  kid', operator.kid],
          ['  expires', shortTime(operator.expiresAt) ?? 'never'],
        ]),
      ])
    })

  verb(noun, 'remove <kid>', 'shut an operator out, at once', 'authrim operators remove q1Yc…')
    .option('--confirm <environment>', 'the environment’s name, instead of typing it')
    .action(async (kid: string, { confirm }: { confirm?: string }) => {
      const { report, prompt, admin, environment } = context()
      const { name } = (await environment()).environment
      await prompt.confirmRemoval(`Operator ${kid} of ${name} is shut out.`, name, confirm)
      const api = await admin()
      const { Anything } = await import('../admin/answers.ts')
      await api.delete(`/operators/${segment(kid)}`, Anything)
      report.answer({ removed: kid }, () => [report.done(`operator ${kid} is removed`)])
    })

  verb(
    noun,
    'recover',
    'start over with a Cloudflare token: a new key in the place of all operators',
    'authrim operators recover',
  )
    .addHelpText('before', 'For when every operator key is lost, or one leaked. It is audited as operators.recover.\n')
    .option('--confirm <environment>', 'the environment’s name, instead of typing it')
    .option('--break-lock', 'take the lock of an operator who is gone')
    .action(async ({ confirm, breakLock }: { confirm?: string; breakLock?: true }) => {
      const { recover } = await import('../operators/recover.ts')
      await recover(context(), { confirm, breakLock: breakLock ?? false })
    })
}
