import { listOptions, listQuery, type ListOptions, query, segment } from '../admin/query.ts'
import { usageError } from '../error.ts'
import type { DefineCommand } from '../program.ts'
import { verb } from '../ui/help.ts'
import { shortTime } from '../ui/report.ts'

interface Selection {
  readonly user?: string
  readonly client?: string
}

export const define: DefineCommand = (noun, context) => {
  listOptions(verb(noun, 'list', 'list grants', 'authrim grants list --user ada@example.com'), {
    search: false,
  })
    .option('--user <user>', 'of this person: sub, user name or e-mail')
    .option('--client <client_id>', 'to this client')
    .action(async ({ user, client, ...list }: Selection & ListOptions) => {
      const { report, admin } = context()
      const path = `/grants${query({ user, client, ...listQuery(list) })}`
      const api = await admin()
      const { GrantsAnswer } = await import('../admin/answers.ts')
      const answer = await api.get(path, GrantsAnswer)
      report.list(
        answer,
        answer.grants,
        [
          { title: 'id', value: (grant) => grant.id },
          { title: 'client', value: (grant) => grant.client_id },
          { title: 'person', value: (grant) => grant.sub ?? undefined },
          { title: 'scope', value: (grant) => grant.scope ?? undefined },
          { title: 'state', value: (grant) => (grant.revoked ? 'revoked' : grant.offline ? 'offline' : 'active') },
          { title: 'created', value: (grant) => shortTime(grant.createdAt) },
          { title: 'expires', value: (grant) => shortTime(grant.expiresAt) },
        ],
        'There are no grants.',
      )
    })

  verb(
    noun,
    'revoke [grant-id]',
    'end a grant, or all of a person or a client, at once',
    'authrim grants revoke --user ada@example.com --client shop',
  )
    .option('--user <user>', 'every grant of this person')
    .option('--client <client_id>', 'every grant to this client')
    .action(async (id: string | undefined, { user, client }: Selection) => {
      if (id === undefined && user === undefined && client === undefined) {
        throw usageError('Which grants? Give a grant id, --user or --client.')
      }
      if (id !== undefined && (user !== undefined || client !== undefined)) {
        throw usageError('Give a grant id, or --user and --client; not both.')
      }
      const { report, admin } = context()
      const api = await admin()
      const { Anything, RevokedGrantsAnswer } = await import('../admin/answers.ts')
      let revoked = 1
      if (id === undefined) ({ revoked } = await api.delete(`/grants${query({ user, client })}`, RevokedGrantsAnswer))
      else await api.delete(`/grants/${segment(id)}`, Anything)
      report.answer({ revoked }, () => [report.done(`${revoked} ${revoked === 1 ? 'grant' : 'grants'} revoked`)])
    })
}
