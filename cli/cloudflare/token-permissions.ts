import * as v from 'valibot'
import type { AccountApi } from './account-api.ts'
import { hasStatus } from './failure.ts'
import { type Permission, permissions } from './permissions.ts'

export interface PermissionReport {
  readonly permission: Permission
  /** `unproven`: a write that only trying would prove. */
  readonly state: 'granted' | 'missing' | 'unproven'
}

const Policies = v.object({
  result: v.object({
    policies: v.array(
      v.object({ effect: v.string(), permission_groups: v.array(v.object({ name: v.optional(v.string()) })) }),
    ),
  }),
})

/** What the token may do: by its policies where it may read them, else by trying each read. Without a zone none of it. */
export async function tokenPermissions(account: AccountApi, zoneId: string | undefined): Promise<PermissionReport[]> {
  const granted = await grantedGroups(account)
  const needed = permissions.filter(({ name }) => zoneId !== undefined || !name.startsWith('Zone ·'))
  if (granted) {
    return needed.map((permission) => {
      const groups = [permission.group, permission.group.replace(/ Read$/, ' Write')]
      return { permission, state: groups.some((group) => granted.has(group)) ? 'granted' : 'missing' }
    })
  }
  return Promise.all(
    needed.map(async (permission) => {
      const path = readPath(permission, account, zoneId ?? '')
      if (path === undefined) return { permission, state: 'unproven' as const }
      const allowed = await isAllowed(account, path)
      const state = allowed ? (permission.group.endsWith('Write') ? 'unproven' : 'granted') : 'missing'
      return { permission, state } as const
    }),
  )
}

/** The names of the token's permission groups; undefined when it may not read them. */
async function grantedGroups({ client, access }: AccountApi): Promise<Set<string> | undefined> {
  if (access.source === 'login') return undefined
  try {
    const { id } = await client.user.tokens.verify()
    const { result } = v.parse(Policies, await client.get(`/user/tokens/${id}`))
    return new Set(
      result.policies
        .filter(({ effect }) => effect === 'allow')
        .flatMap(({ permission_groups }) => permission_groups.flatMap(({ name }) => name ?? [])),
    )
  } catch (error) {
    // A token of the account, or one that may not look at itself.
    if (v.isValiError(error) || [400, 401, 403, 404, 501].some((status) => hasStatus(error, status))) return undefined
    throw error
  }
}

function readPath({ group }: Permission, account: AccountApi, zoneId: string): string | undefined {
  const paths: Record<string, string> = {
    'Workers KV Storage Write': account.path('storage/kv/namespaces'),
    'D1 Write': account.path('d1/database'),
    'Workers Scripts Write': account.path('workers/scripts'),
    'Workers Routes Write': `/zones/${zoneId}/workers/routes`,
    'DNS Write': `/zones/${zoneId}/dns_records`,
    'Zone Read': `/zones/${zoneId}`,
    'Account Settings Read': `/accounts/${account.id}`,
  }
  return paths[group]
}

async function isAllowed({ client }: AccountApi, path: string): Promise<boolean> {
  try {
    await client.get(path)
    return true
  } catch (error) {
    if (hasStatus(error, 403)) return false
    throw error
  }
}
