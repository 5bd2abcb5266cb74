import { idOf } from '../state/identifier.ts'

const account = 'com.cloudflare.api.account'
const zone = 'com.cloudflare.api.account.zone'
const user = 'com.cloudflare.api.user'

/** Permission groups that endpoints here ask for, with what they are about. */
const scopes: Readonly<Record<string, string>> = {
  'Account Settings': account,
  'Account Analytics': account,
  'Account API Tokens': account,
  'Workers Scripts': account,
  'Workers KV Storage': account,
  'Workers Tail': account,
  D1: account,
  Zone: zone,
  DNS: zone,
  'Workers Routes': zone,
  'User Details': user,
  Memberships: user,
  'API Tokens': user,
}

const readOnly = ['Account Analytics', 'Workers Tail']

/** Every permission group, as GET /user/tokens/permission_groups lists them. */
export const permissionGroups = Object.entries(scopes).flatMap(([name, scope]) =>
  (readOnly.includes(name) ? ['Read'] : ['Read', 'Write']).map((level) => ({
    id: idOf('permission group', `${name} ${level}`),
    name: `${name} ${level}`,
    scopes: [scope],
  })),
)
