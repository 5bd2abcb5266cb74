import { ok } from '../api/answer.ts'
import type { Call } from '../api/call.ts'
import { type Endpoint, endpoint } from '../api/endpoint.ts'
import { pagedAnswer } from '../api/paging.ts'
import { hasPermission } from '../api/token.ts'
import { type Cloud, mayUseZone, zoneOf } from '../cloud.ts'
import type { Zone } from '../state/zone.ts'

/** Zones: given at the start, never made here. */
export function zoneEndpoints(cloud: Cloud): Endpoint[] {
  const shown = ({ id, name, accountId, createdOn }: Zone) => ({
    id,
    name,
    status: 'active',
    paused: false,
    type: 'full',
    name_servers: ['ada.ns.cloudflare.com', 'bob.ns.cloudflare.com'],
    account: { id: accountId, name: cloud.store.accounts.find((account) => account.id === accountId)?.name },
    created_on: createdOn,
    modified_on: createdOn,
    activated_on: createdOn,
    plan: { id: '0feeeeeeeeeeeeeeeeeeeeeeeeeeeeee', name: 'Free Website' },
  })
  const asked = ({ query, token }: Call) => {
    const [name, account] = [query.get('name'), query.get('account.id')]
    // A list shows what the token may read: without the permission, nothing.
    if (!hasPermission(token, 'Zone Read')) return []
    return cloud.store.zones.filter((zone) => {
      if (name !== null && zone.name !== name.replace(/^equal:/, '').toLowerCase()) return false
      if (account !== null && zone.accountId !== account) return false
      return mayUseZone(token, zone)
    })
  }
  return [
    endpoint('GET', '/zones', undefined, (call) => pagedAnswer(asked(call).map(shown), call.query)),
    endpoint('GET', '/zones/:zone', 'Zone Read', (call) => ok(shown(zoneOf(cloud, call)))),
  ]
}
