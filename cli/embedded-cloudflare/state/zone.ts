import * as v from 'valibot'

const dnsRecordSchema = v.object({
  id: v.string(),
  type: v.string(),
  name: v.string(),
  content: v.string(),
  proxied: v.boolean(),
  ttl: v.number(),
  comment: v.optional(v.nullable(v.string())),
  tags: v.array(v.string()),
  createdOn: v.string(),
  modifiedOn: v.string(),
  /** The custom domain that made it; such a record is read-only. */
  customDomain: v.optional(v.string()),
})
export type DnsRecord = v.InferOutput<typeof dnsRecordSchema>

const zoneRouteSchema = v.object({ id: v.string(), pattern: v.string(), script: v.optional(v.string()) })
export type ZoneRoute = v.InferOutput<typeof zoneRouteSchema>

/** A domain with its DNS records and Worker routes. */
export const zoneSchema = v.object({
  id: v.string(),
  name: v.string(),
  accountId: v.string(),
  createdOn: v.string(),
  records: v.array(dnsRecordSchema),
  routes: v.array(zoneRouteSchema),
})
export type Zone = v.InferOutput<typeof zoneSchema>

/** Whether a host name is the zone's own or below it. */
export function inZone(zone: Zone, hostname: string): boolean {
  return hostname === zone.name || hostname.endsWith(`.${zone.name}`)
}

/** Whether Cloudflare's proxy answers for a host: routes have no effect elsewhere. */
export function isProxied(zone: Zone, hostname: string): boolean {
  const wildcard = hostname.replace(/^[^.]+/, '*')
  const ofHost = zone.records.filter(({ name, type }) => name === hostname && /^(A|AAAA|CNAME)$/.test(type))
  const records = ofHost.length > 0 ? ofHost : zone.records.filter(({ name }) => name === wildcard)
  return records.some(({ proxied }) => proxied)
}
