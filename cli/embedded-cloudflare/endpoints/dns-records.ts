import { isIP } from 'node:net'
import * as v from 'valibot'
import { ok } from '../api/answer.ts'
import { ApiError } from '../api/api-error.ts'
import type { Call } from '../api/call.ts'
import { type Endpoint, endpoint } from '../api/endpoint.ts'
import { pagedAnswer } from '../api/paging.ts'
import { type Cloud, zoneOf } from '../cloud.ts'
import { newId } from '../state/identifier.ts'
import { type DnsRecord, inZone, type Zone } from '../state/zone.ts'

const bodySchema = v.object({
  type: v.string(),
  name: v.string(),
  content: v.string(),
  proxied: v.optional(v.boolean(), false),
  ttl: v.optional(v.number(), 1),
  comment: v.optional(v.nullable(v.string())),
  tags: v.optional(v.array(v.string()), []),
})
const changeSchema = v.object({
  type: v.exactOptional(v.string()),
  name: v.exactOptional(v.string()),
  content: v.exactOptional(v.string()),
  proxied: v.exactOptional(v.boolean()),
  ttl: v.exactOptional(v.number()),
  comment: v.exactOptional(v.nullable(v.string())),
  tags: v.exactOptional(v.array(v.string())),
})

/** DNS records of a zone. */
export function dnsRecordEndpoints(cloud: Cloud): Endpoint[] {
  const path = '/zones/:zone/dns_records'
  const find = (call: Call) => {
    const zone = zoneOf(cloud, call)
    const record = zone.records.find(({ id }) => id === call.param('record'))
    if (!record) throw new ApiError(404, 81044, 'Record does not exist.')
    return { zone, record }
  }
  const change = (call: Call, body: v.InferOutput<typeof changeSchema>) => {
    const { zone, record } = find(call)
    refuseReadOnly(record)
    const next = { ...record, ...body, name: absolute(zone, body.name ?? record.name) }
    check(zone, next)
    Object.assign(record, next, { modifiedOn: new Date().toISOString() })
    cloud.store.save()
    return ok(shown(zone, record))
  }
  return [
    endpoint('GET', path, 'DNS Read', (call) => {
      const zone = zoneOf(cloud, call)
      return pagedAnswer(
        filtered(zone.records, call.query).map((record) => shown(zone, record)),
        call.query,
        100,
      )
    }),
    endpoint('POST', path, 'DNS Write', (call) => {
      const zone = zoneOf(cloud, call)
      const body = call.json(bodySchema)
      const now = new Date().toISOString()
      const record = { ...body, name: absolute(zone, body.name), id: newId(), createdOn: now, modifiedOn: now }
      check(zone, record)
      zone.records.push(record)
      cloud.store.save()
      return ok(shown(zone, record))
    }),
    endpoint('GET', `${path}/:record`, 'DNS Read', (call) => {
      const { zone, record } = find(call)
      return ok(shown(zone, record))
    }),
    endpoint('PUT', `${path}/:record`, 'DNS Write', (call) => {
      const { comment = null, ...body } = call.json(bodySchema)
      return change(call, { ...body, comment })
    }),
    endpoint('PATCH', `${path}/:record`, 'DNS Write', (call) => change(call, call.json(changeSchema))),
    endpoint('DELETE', `${path}/:record`, 'DNS Write', (call) => {
      const { zone, record } = find(call)
      refuseReadOnly(record)
      zone.records.splice(zone.records.indexOf(record), 1)
      cloud.store.save()
      return ok({ id: record.id })
    }),
  ]
}

function filtered(records: readonly DnsRecord[], query: URLSearchParams): DnsRecord[] {
  const wanted = (name: string, value: string) => [null, value].includes(query.get(name) ?? query.get(`${name}.exact`))
  return records.filter(
    ({ type, name, content }) => wanted('type', type) && wanted('name', name) && wanted('content', content),
  )
}

/** `@` is the zone itself, and a name outside the zone is completed by it. */
function absolute(zone: Zone, name: string): string {
  const lower = name.toLowerCase().replace(/\.$/, '')
  if (lower === '@') return zone.name
  return inZone(zone, lower) ? lower : `${lower}.${zone.name}`
}

function check(zone: Zone, record: Pick<DnsRecord, 'type' | 'name' | 'content'> & { id: string }): void {
  const { type, name, content } = record
  if (!/^(A|AAAA|CNAME|TXT|MX|NS|CAA|SRV)$/.test(type)) throw new ApiError(400, 9004, `Invalid type ${type}.`)
  if (type === 'A' && isIP(content) !== 4)
    throw new ApiError(400, 9005, 'Content for A record must be a valid IPv4 address.')
  if (type === 'AAAA' && isIP(content) !== 6) {
    throw new ApiError(400, 9006, 'Content for AAAA record must be a valid IPv6 address.')
  }
  const others = zone.records.filter((other) => other.name === name && other.id !== record.id)
  if (others.some((other) => other.type === type && other.content === content)) {
    throw new ApiError(400, 81058, 'An identical record already exists.')
  }
  const hosts = others.filter((other) => /^(A|AAAA|CNAME)$/.test(other.type))
  if (type === 'CNAME' && hosts.length > 0) {
    throw new ApiError(400, 81053, 'An A, AAAA, or CNAME record with that host already exists.')
  }
  if (type.startsWith('A') && hosts.some((other) => other.type === 'CNAME')) {
    throw new ApiError(400, 81054, 'A CNAME record with that host already exists.')
  }
}

function refuseReadOnly({ customDomain }: DnsRecord): void {
  if (customDomain === undefined) return
  throw new ApiError(400, 1043, 'This DNS record is managed by Workers and is read-only.')
}

function shown(zone: Zone, record: DnsRecord) {
  const { createdOn, modifiedOn, customDomain, ...rest } = record
  return {
    ...rest,
    zone_id: zone.id,
    zone_name: zone.name,
    proxiable: /^(A|AAAA|CNAME)$/.test(record.type),
    meta: customDomain === undefined ? {} : { origin_worker_id: customDomain, read_only: true },
    created_on: createdOn,
    modified_on: modifiedOn,
  }
}
