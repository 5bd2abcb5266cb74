import { pairs } from '../ui/report.ts'
import type { counts } from './contents.ts'

/** How much of each, for a person. */
export function countLines({ clients, users, credentials, consents, keys }: ReturnType<typeof counts>): string[] {
  return pairs([
    ['clients', String(clients)],
    ['people', String(users)],
    ['passwords', String(credentials)],
    ['consents', String(consents)],
    ['keys', keys > 0 ? String(keys) : 'none'],
  ])
}
