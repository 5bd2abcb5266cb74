import * as v from 'valibot'
import { usageError } from '../error.ts'

/** Tables about people in the order in which they are put back. */
export const tables = ['users', 'credentials', 'consents', 'samlPartners', 'samlLinks'] as const

/** Where the admin API has a table, or the keys. */
export const tablePaths = {
  users: '/backup/users',
  credentials: '/backup/credentials',
  consents: '/backup/consents',
  samlPartners: '/saml/backup/partners',
  samlLinks: '/saml/backup/links',
  keys: '/backup/keys',
} as const

const Row = v.record(v.string(), v.unknown())

/** What a backup holds. */
const Contents = v.object({
  createdAt: v.string(),
  release: v.string(),
  environment: v.string(),
  issuer: v.string(),
  clients: v.array(v.looseObject({ client_id: v.string() })),
  users: v.array(Row),
  credentials: v.array(Row),
  consents: v.array(Row),
  /** Absent in backups of releases that had no SAML. */
  samlPartners: v.optional(v.array(Row), []),
  samlLinks: v.optional(v.array(Row), []),
  /** Private signing keys and handle secrets; null unless they were asked for. */
  keys: v.nullable(v.array(Row)),
})

export type Contents = v.InferOutput<typeof Contents>

/** Reads the text inside a backup; refuses one of a newer release, whose data this one may not understand. */
export function parseContents(text: string, release: string): Contents {
  const result = v.safeParse(Contents, JSON.parse(text))
  if (!result.success) throw usageError('The backup opens, but holds something else than this authrim writes.')
  if (compareReleases(result.output.release, release) > 0) {
    throw usageError(
      `The backup was made by authrim ${result.output.release}, and this is ${release}.`,
      'Update this one, deploy, then restore: npm install authrim@latest',
    )
  }
  return result.output
}

/** How many of each there are. */
export function counts({ clients, users, credentials, consents, samlPartners, samlLinks, keys }: Contents) {
  return {
    clients: clients.length,
    users: users.length,
    credentials: credentials.length,
    consents: consents.length,
    samlPartners: samlPartners.length,
    samlLinks: samlLinks.length,
    keys: keys?.length ?? 0,
  }
}

/** Parts of a list that fit into one call: so many items, and so many bytes of JSON. */
export function batches<Item>(
  items: readonly Item[],
  most: { readonly items: number; readonly bytes: number },
): Item[][] {
  const parts: Item[][] = []
  let bytes = Infinity
  for (const item of items) {
    const size = Buffer.byteLength(JSON.stringify(item)) + 1
    const last = parts.at(-1)
    if (!last || last.length >= most.items || bytes + size > most.bytes) {
      parts.push([item])
      bytes = size
    } else {
      last.push(item)
      bytes += size
    }
  }
  return parts
}

function compareReleases(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}
