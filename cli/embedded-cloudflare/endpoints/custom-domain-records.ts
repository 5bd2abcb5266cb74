import { ApiError } from '../api/api-error.ts'
import type { Cloud } from '../cloud.ts'
import type { Account, CustomDomain } from '../state/account.ts'
import { newId, newUuid } from '../state/identifier.ts'
import { inZone, type Zone } from '../state/zone.ts'

/** A host that a Worker is to hold. */
export interface WantedDomain {
  readonly hostname: string
  readonly zone_id?: string | undefined
  readonly zone_name?: string | undefined
  readonly enabled?: boolean | undefined
  readonly previews_enabled?: boolean | undefined
}

/** The zone that a custom domain is in. */
export function zoneForDomain({ store }: Cloud, account: Account, wanted: WantedDomain): Zone {
  const zone = store.zones
    .filter(({ accountId }) => accountId === account.id)
    .filter((candidate) => inZone(candidate, wanted.hostname))
    .find(({ id, name }) => {
      if (wanted.zone_id !== undefined) return id === wanted.zone_id
      return wanted.zone_name === undefined || name === wanted.zone_name
    })
  if (!zone) throw new ApiError(400, 100114, `No zone of this account contains ${wanted.hostname}.`)
  return zone
}

/** DNS records at the host that a custom domain would displace. */
export function conflictingRecords(zone: Zone, hostname: string) {
  return zone.records.filter(
    ({ name, type, customDomain }) => name === hostname && /^(A|AAAA|CNAME)$/.test(type) && customDomain === undefined,
  )
}

/** Gives a host to a Worker, with the DNS record that leads there. */
export function attachDomain(
  cloud: Cloud,
  account: Account,
  service: string,
  wanted: WantedDomain,
  overrides: { readonly origin: boolean; readonly records: boolean },
): CustomDomain {
  const hostname = wanted.hostname.toLowerCase()
  const zone = zoneForDomain(cloud, account, wanted)
  const existing = account.customDomains.find((domain) => domain.hostname === hostname)
  if (existing && existing.service !== service && !overrides.origin) {
    throw new ApiError(
      409,
      100116,
      `Hostname '${hostname}' already belongs to the Worker '${existing.service}'. Use the option 'override_existing_origin' to override.`,
    )
  }
  const conflicts = conflictingRecords(zone, hostname)
  if (conflicts.length > 0 && !overrides.records) {
    throw new ApiError(
      409,
      100117,
      `Hostname '${hostname}' already has externally managed DNS records (A, CNAME, etc). Either delete them, try a different hostname, or use the option 'override_existing_dns_record' to override.`,
    )
  }
  zone.records = zone.records.filter((record) => !conflicts.includes(record))
  const domain: CustomDomain = existing ?? {
    id: newUuid(),
    hostname,
    service,
    zoneId: zone.id,
    enabled: true,
    previewsEnabled: false,
  }
  Object.assign(domain, {
    service,
    enabled: wanted.enabled ?? domain.enabled,
    previewsEnabled: wanted.previews_enabled ?? domain.previewsEnabled,
  })
  if (!existing) {
    account.customDomains.push(domain)
    const now = new Date().toISOString()
    const record = { id: newId(), type: 'AAAA', name: hostname, content: '100::', proxied: true, ttl: 1, tags: [] }
    zone.records.push({ ...record, createdOn: now, modifiedOn: now, customDomain: domain.id })
  }
  return domain
}

/** Takes a host from its Worker, and the DNS record away. */
export function removeDomain({ store }: Cloud, account: Account, domain: CustomDomain): void {
  account.customDomains = account.customDomains.filter((other) => other !== domain)
  for (const zone of store.zones) zone.records = zone.records.filter((record) => record.customDomain !== domain.id)
}
