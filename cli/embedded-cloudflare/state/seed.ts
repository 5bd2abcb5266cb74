import { newId, idOf } from './identifier.ts'
import type { Store } from './store.ts'

/** An account that must exist. */
export interface AccountOptions {
  readonly name: string
  /** 32 hexadecimal digits; derived from the name when absent. */
  readonly id?: string
  /** Its name under workers.dev. */
  readonly subdomain?: string
}

/** A zone that must exist. */
export interface ZoneOptions {
  readonly name: string
  readonly id?: string
  /** Id of its account; the first when absent. */
  readonly account?: string
  readonly records?: readonly {
    readonly type: string
    readonly name: string
    readonly content: string
    readonly proxied?: boolean
  }[]
}

/** Makes the accounts that are not there yet. */
export function seedAccounts({ accounts }: Store, options: readonly AccountOptions[]): void {
  for (const { name, id = idOf('account', name), subdomain } of options) {
    if (accounts.some((account) => account.id === id)) continue
    accounts.push({
      id,
      name,
      ...(subdomain !== undefined && { subdomain }),
      createdOn: new Date().toISOString(),
      scripts: [],
      kvNamespaces: [],
      d1Databases: [],
      customDomains: [],
    })
  }
}

/** Makes the zones that are not there yet, with their first records. */
export function seedZones({ accounts, zones }: Store, options: readonly ZoneOptions[]): void {
  for (const { name, id = idOf('zone', name), account, records = [] } of options) {
    if (zones.some((zone) => zone.id === id)) continue
    const accountId = account ?? accounts[0]?.id
    if (!accounts.some((candidate) => candidate.id === accountId) || accountId === undefined) {
      throw new Error(`the zone ${name} needs an account that exists`)
    }
    const now = new Date().toISOString()
    zones.push({
      id,
      name,
      accountId,
      createdOn: now,
      routes: [],
      records: records.map((record) => ({
        ...record,
        id: newId(),
        proxied: record.proxied ?? false,
        ttl: 1,
        tags: [],
        createdOn: now,
        modifiedOn: now,
      })),
    })
  }
}
