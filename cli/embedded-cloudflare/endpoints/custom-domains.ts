import * as v from 'valibot'
import { ok } from '../api/answer.ts'
import { ApiError } from '../api/api-error.ts'
import type { Call } from '../api/call.ts'
import { type Endpoint, endpoint } from '../api/endpoint.ts'
import { accountOf, type Cloud, scriptOf } from '../cloud.ts'
import type { CustomDomain } from '../state/account.ts'
import { attachDomain, conflictingRecords, removeDomain, zoneForDomain } from './custom-domain-records.ts'

const wantedSchema = v.object({
  hostname: v.string(),
  zone_id: v.optional(v.string()),
  zone_name: v.optional(v.string()),
  enabled: v.optional(v.boolean()),
  previews_enabled: v.optional(v.boolean()),
})
const overrides = {
  override_scope: v.optional(v.boolean(), false),
  override_existing_origin: v.optional(v.boolean(), false),
  override_existing_dns_record: v.optional(v.boolean(), false),
}
const recordsSchema = v.object({ ...overrides, origins: v.array(wantedSchema) })
const domainSchema = v.object({ ...wantedSchema.entries, ...overrides, service: v.string() })

/** Custom domains: whole hosts that Workers hold. */
export function customDomainEndpoints(cloud: Cloud): Endpoint[] {
  const workers = '/accounts/:account/workers'
  const shown = (domain: CustomDomain) => ({
    id: domain.id,
    zone_id: domain.zoneId,
    zone_name: cloud.store.zones.find(({ id }) => id === domain.zoneId)?.name,
    hostname: domain.hostname,
    service: domain.service,
    environment: 'production',
    enabled: domain.enabled,
    previews_enabled: domain.previewsEnabled,
    cert_id: domain.id,
  })
  const find = (call: Call) => {
    const account = accountOf(cloud, call)
    const domain = account.customDomains.find(({ id }) => id === call.param('domain'))
    if (!domain) throw new ApiError(404, 100100, 'This domain does not exist.')
    return { account, domain }
  }
  const list = (call: Call) => {
    const asked = (name: string, value: string | undefined) => [null, '', value].includes(call.query.get(name))
    const domains = accountOf(cloud, call).customDomains.map(shown)
    return {
      result: domains.filter(
        ({ hostname, service, zone_id, zone_name }) =>
          asked('hostname', hostname) &&
          asked('service', service) &&
          asked('zone_id', zone_id) &&
          asked('zone_name', zone_name),
      ),
    }
  }
  return [
    ...['domains', 'domains/records'].flatMap((name) => [
      endpoint('GET', `${workers}/${name}`, 'Workers Scripts Read', list),
      endpoint('GET', `${workers}/${name}/:domain`, 'Workers Scripts Read', (call) => ok(shown(find(call).domain))),
      endpoint('DELETE', `${workers}/${name}/:domain`, 'Workers Scripts Write', (call) => {
        const { account, domain } = find(call)
        removeDomain(cloud, account, domain)
        cloud.store.save()
        return ok(null)
      }),
    ]),
    endpoint('PUT', `${workers}/domains`, 'Workers Scripts Write', (call) => {
      const account = accountOf(cloud, call)
      const { service, ...wanted } = call.json(domainSchema)
      if (!account.scripts.some(({ name }) => name === service)) {
        throw new ApiError(404, 10007, 'This Worker does not exist on your account.')
      }
      const domain = attachDomain(cloud, account, service, wanted, {
        origin: wanted.override_existing_origin,
        records: wanted.override_existing_dns_record,
      })
      cloud.store.save()
      return ok(shown(domain))
    }),
    endpoint('POST', `${workers}/scripts/:script/domains/changeset`, 'Workers Scripts Write', (call) => {
      const { account, script } = scriptOf(cloud, call)
      const wanted = call.json(v.array(wantedSchema))
      const known = (hostname: string) => account.customDomains.find((domain) => domain.hostname === hostname)
      const own = account.customDomains.filter(({ service }) => service === script.name)
      return ok({
        added: wanted.filter(({ hostname }) => !known(hostname)),
        removed: own.filter(({ hostname }) => !wanted.some((one) => one.hostname === hostname)).map(shown),
        updated: wanted.flatMap(({ hostname }) => {
          const domain = known(hostname)
          return domain ? [{ ...shown(domain), modified: domain.service !== script.name }] : []
        }),
        conflicting: wanted.filter(
          (one) => conflictingRecords(zoneForDomain(cloud, account, one), one.hostname).length > 0,
        ),
      })
    }),
    endpoint('PUT', `${workers}/scripts/:script/domains/records`, 'Workers Scripts Write', (call) => {
      const { account, script } = scriptOf(cloud, call)
      const { origins, ...options } = call.json(recordsSchema)
      const domains = origins.map((wanted) =>
        attachDomain(cloud, account, script.name, wanted, {
          origin: options.override_existing_origin,
          records: options.override_existing_dns_record,
        }),
      )
      if (options.override_scope) {
        const stale = account.customDomains.filter((one) => one.service === script.name && !domains.includes(one))
        for (const domain of stale) removeDomain(cloud, account, domain)
      }
      cloud.store.save()
      return ok(domains.map(shown))
    }),
  ]
}
