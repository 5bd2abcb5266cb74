import { listOptions, listQuery, type ListOptions, query } from '../admin/query.ts'
import { parseSince } from '../duration.ts'
import type { DefineCommand } from '../program.ts'
import { shortTime } from '../ui/report.ts'

export const define: DefineCommand = (command, context) => {
  listOptions(command, { search: false })
    .option('--since <time>', '24h, 7d, or a time such as 2026-12-01T08:00:00Z')
    .option('--actor <actor>', 'only what this operator or person did')
    .action(async ({ since, actor, ...list }: { since?: string; actor?: string } & ListOptions) => {
      const { report, admin } = context()
      const from = since === undefined ? undefined : parseSince(since, '--since')
      const path = `/audit${query({ since: from, actor, ...listQuery(list) })}`
      const api = await admin()
      const { AuditAnswer } = await import('../admin/answers.ts')
      const answer = await api.get(path, AuditAnswer)
      report.list(
        answer,
        answer.events,
        [
          { title: 'time', value: ({ time }) => shortTime(time) },
          { title: 'actor', value: ({ actor: who }) => who ?? undefined },
          { title: 'action', value: ({ action }) => action },
          { title: 'target', value: ({ target }) => target ?? undefined },
          { title: 'outcome', value: ({ outcome }) => outcome },
        ],
        'Nothing happened.',
      )
    })
}
