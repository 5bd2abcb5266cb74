import type { InferOutput } from 'valibot'
import type { Rotation } from '../admin/answers.ts'
import type { DefineCommand } from '../program.ts'
import { usageError } from '../error.ts'
import { pairs, shortTime } from '../ui/report.ts'
import { sanitize } from '../ui/sanitize.ts'
import { verb } from '../ui/help.ts'

type Rotated = InferOutput<typeof Rotation>

export const define: DefineCommand = (noun, context) => {
  verb(noun, 'list', 'list the keys with their state', 'authrim keys list').action(async () => {
    const { report, admin } = context()
    const api = await admin()
    const { KeysAnswer } = await import('../admin/answers.ts')
    const answer = await api.get('/keys', KeysAnswer)
    report.list(
      answer,
      answer.keys,
      [
        { title: 'kid', value: (key) => key.kid },
        { title: 'alg', value: (key) => key.alg },
        { title: 'use', value: (key) => key.use },
        { title: 'state', value: (key) => key.state },
        { title: 'created', value: (key) => shortTime(key.createdAt) },
        { title: 'signs from', value: (key) => shortTime(key.signsFrom) },
        { title: 'leaves', value: (key) => shortTime(key.leavesAt) },
        { title: 'certificate until', value: (key) => shortTime(key.certificateExpiresAt) },
      ],
      'There are no keys.',
    )
    const next = shortTime(answer.schedule?.nextRotationAt)
    if (next && !context().json) report.note(`Next rotation: ${next}, every ${answer.schedule?.days ?? '?'} days.`)
  })

  verb(noun, 'rotate', 'publish a new key, and sign with it once every client can know it', 'authrim keys rotate')
    .option('--alg <alg>', 'only the keys of this algorithm')
    .option(
      '--use <use>',
      'saml: publish a new key and certificate in the metadata beside the one that signs; it takes over with --now, or when the old one is revoked',
    )
    .option(
      '--now',
      'sign with the next key at once: clients that cached the key set refuse its tokens until they fetch it again',
    )
    .action(async ({ alg, use, now }: { alg?: string; use?: string; now?: true }) => {
      if (use !== undefined && use !== 'saml') throw usageError(`--use takes saml, not ${use}.`)
      if (use !== undefined && alg !== undefined) throw usageError('--use saml has one algorithm; leave out --alg.')
      const { report, admin } = context()
      const api = await admin()
      const { RotationsAnswer } = await import('../admin/answers.ts')
      const answer = await api.post(
        '/keys/rotate',
        { ...(alg && { alg }), ...(use && { use }), ...(now && { now }) },
        RotationsAnswer,
      )
      const rotations = answer.rotations.map((each) => ({ ...each, next: each.next ?? null }))
      const [rotation] = rotations
      report.answer({ rotation: rotation ?? null, ...(rotations.length > 1 && { rotations }) }, () =>
        rotations.flatMap((one) => [
          report.done(`${use ? 'SAML' : sanitize(one.alg)} rotates; ${takeover(one)}`),
          ...pairs([
            ['  retiring', one.retiring ?? undefined],
            ['  current', one.current],
            ['  next', one.next ?? undefined],
          ]),
          ...(use ? samlSteps(one) : []),
        ]),
      )
    })

  verb(noun, 'revoke <kid>', 'drop a leaked key at once, with every token it signed', 'authrim keys revoke q1Yc…')
    .option('--confirm <environment>', 'the environment’s name, instead of typing it')
    .action(async (kid: string, { confirm }: { confirm?: string }) => {
      const { report, prompt, admin, environment } = context()
      const { name } = (await environment()).environment
      await prompt.confirmRemoval(`Key ${kid} of ${name} is dropped, and every token it signed.`, name, confirm)
      const api = await admin()
      const [{ RevocationAnswer }, { segment }] = await Promise.all([
        import('../admin/answers.ts'),
        import('../admin/query.ts'),
      ])
      const answer = await api.post(`/keys/${segment(kid)}/revoke`, {}, RevocationAnswer)
      const { revocation } = answer
      report.answer(answer, () => [
        report.done(`${sanitize(revocation.alg)} key ${sanitize(revocation.kid)} is revoked`),
        ...pairs([
          ['  replacement', revocation.replacement ?? undefined],
          ['  dies', revocation.dies],
        ]),
      ])
    })

  verb(noun, 'schedule <days>', 'set how often keys rotate by themselves', 'authrim keys schedule 90').action(
    async (text: string) => {
      const days = Number(text)
      if (!/^\d+$/.test(text) || days < 1) throw usageError(`${text} is not a number of days.`)
      const { report, admin } = context()
      const api = await admin()
      const { ScheduleAnswer } = await import('../admin/answers.ts')
      const answer = await api.put('/keys/schedule', { days }, ScheduleAnswer)
      report.answer(answer, () => [
        report.done(`keys rotate every ${days} days; next on ${shortTime(answer.schedule.nextRotationAt) ?? '?'}`),
      ])
    },
  )
}

function takeover({ effectiveAt }: Rotated): string {
  if (typeof effectiveAt === 'string') return `the new key signs from ${shortTime(effectiveAt)}`
  return 'the new certificate is in the metadata, and the old key still signs'
}

/** Nobody but the operator knows when every partner has the new certificate. */
function samlSteps({ retiring, current }: Rotated): string[] {
  if (typeof retiring === 'string')
    return ['', `  When every partner has the new certificate, retire the old one: authrim keys revoke ${retiring}`]
  return [
    '',
    '  Let partners load the metadata again (authrim saml metadata), then sign with it: authrim keys rotate --use saml --now',
    `  or retire the old one, which does both: authrim keys revoke ${current}`,
  ]
}
