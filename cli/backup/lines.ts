import { pairs } from '../ui/report.ts'
import type { counts } from './contents.ts'

/** How much of each, for a person. */
export function countLines(count: ReturnType<typeof counts>): string[] {
  const { clients, users, credentials, consents, samlPartners, keys } = count
  return pairs([
    ['clients', String(clients)],
    ['people', String(users)],
    ['passwords', String(credentials)],
    ['consents', String(consents)],
    ['SAML partners', String(samlPartners)],
    ['keys', keys > 0 ? String(keys) : 'none'],
  ])
}
