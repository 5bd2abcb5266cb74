/** KV namespaces, D1 databases, zones and DNS of an account. */
import * as v from 'valibot'
import { type AccountApi, attempt, everyItem } from './account-api.ts'
import type { CloudflareClient } from './client.ts'
import { hasCode } from './failure.ts'

export interface Named {
  readonly id: string
  readonly name: string
}

export interface Zone extends Named {
  readonly accountId: string
}

/** The accounts that the token may see. */
export function listAccounts(client: CloudflareClient): Promise<Named[]> {
  return attempt('Listing the accounts', '/accounts', async () =>
    (await everyItem(client.accounts.list())).map(({ id, name }) => ({ id, name })),
  )
}

/** The zones of an account. */
export function listZones({ client, id }: AccountApi): Promise<Zone[]> {
  return attempt('Listing the zones', '/zones', async () =>
    (await everyItem(client.zones.list({ account: { id } }))).map((zone) => ({
      id: zone.id,
      name: zone.name,
      accountId: zone.account.id ?? id,
    })),
  )
}

/** The KV namespaces of an account, by title. */
export function listNamespaces(account: AccountApi): Promise<Named[]> {
  return attempt('Listing the KV namespaces', account.path('storage/kv/namespaces'), async () =>
    (await everyItem(account.client.kv.namespaces.list({ account_id: account.id, per_page: 100 }))).map(
      ({ id, title }) => ({ id, name: title }),
    ),
  )
}

/** Creates a KV namespace, or finds the one of this title: an answer may have been lost. */
export function ensureNamespace(account: AccountApi, title: string): Promise<Named> {
  return attempt(`Creating the KV namespace ${title}`, account.path('storage/kv/namespaces'), async () => {
    try {
      const { id } = await account.client.kv.namespaces.create({ account_id: account.id, title })
      return { id, name: title }
    } catch (error) {
      const existing = hasCode(error, 10014) ? await findNamed(listNamespaces(account), title) : undefined
      if (existing) return existing
      throw error
    }
  })
}

/** The D1 databases of an account. */
export function listDatabases(account: AccountApi): Promise<Named[]> {
  return attempt('Listing the D1 databases', account.path('d1/database'), async () =>
    (await everyItem(account.client.d1.database.list({ account_id: account.id, per_page: 100 }))).flatMap(
      ({ uuid, name }) => (uuid !== undefined && name !== undefined ? [{ id: uuid, name }] : []),
    ),
  )
}

/** Creates a D1 database, or finds the one of this name. */
export function ensureDatabase(account: AccountApi, name: string, location?: Location): Promise<Named> {
  return attempt(`Creating the D1 database ${name}`, account.path('d1/database'), async () => {
    try {
      const { uuid } = await account.client.d1.database.create({
        account_id: account.id,
        name,
        ...(location && { primary_location_hint: location }),
      })
      return { id: v.parse(v.string(), uuid), name }
    } catch (error) {
      const existing = hasCode(error, 7502) ? await findNamed(listDatabases(account), name) : undefined
      if (existing) return existing
      throw error
    }
  })
}

export type Location = 'wnam' | 'enam' | 'weur' | 'eeur' | 'apac' | 'oc'

/** Runs one statement; the rows, each parsed. */
export function queryDatabase<T>(
  account: AccountApi,
  database: string,
  statement: { readonly sql: string; readonly params?: readonly string[] },
  row: v.GenericSchema<unknown, T>,
): Promise<T[]> {
  const { sql, params = [] } = statement
  return attempt('Asking the D1 database', account.path(`d1/database/${database}/query`), async () => {
    const results = await everyItem(
      account.client.d1.database.query(database, { account_id: account.id, sql, params: [...params] }),
    )
    return v.parse(
      v.array(row),
      results.flatMap(({ results: rows }) => rows ?? []),
    )
  })
}

export interface DnsRecord {
  readonly id: string
  readonly type: string
  readonly content: string
  readonly proxied: boolean
  /** Made by a custom domain of a Worker. */
  readonly ofWorker: boolean
}

const ReadOnlyMeta = v.object({ read_only: v.optional(v.boolean()) })

/** The address records of a host. */
export function listAddressRecords({ client }: AccountApi, zoneId: string, host: string): Promise<DnsRecord[]> {
  return attempt('Listing the DNS records', `/zones/${zoneId}/dns_records`, async () =>
    (await everyItem(client.dns.records.list({ zone_id: zoneId, name: { exact: host } })))
      .filter(({ type }) => type === 'A' || type === 'AAAA' || type === 'CNAME')
      .map((record) => ({
        id: record.id,
        type: record.type,
        content: record.content ?? '',
        proxied: record.proxied ?? false,
        ofWorker: v.is(ReadOnlyMeta, record.meta) && record.meta.read_only === true,
      })),
  )
}

async function findNamed(list: Promise<Named[]>, wanted: string): Promise<Named | undefined> {
  return (await list).find(({ name }) => name === wanted)
}
