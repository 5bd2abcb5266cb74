import * as v from 'valibot'
import { ok } from '../api/answer.ts'
import { ApiError } from '../api/api-error.ts'
import type { Call } from '../api/call.ts'
import { type Endpoint, endpoint } from '../api/endpoint.ts'
import { requirePermission } from '../api/token.ts'
import { type Cloud, mayUseZone, scriptOf, zoneOf } from '../cloud.ts'
import { compileRoutes } from '../routes.ts'
import type { Account } from '../state/account.ts'
import { newId } from '../state/identifier.ts'
import { inZone, type Zone, type ZoneRoute } from '../state/zone.ts'

const bodySchema = v.object({ pattern: v.string(), script: v.optional(v.nullable(v.string())) })
const listSchema = v.array(
  v.union([
    v.string(),
    v.object({ pattern: v.string(), zone_id: v.optional(v.string()), zone_name: v.optional(v.string()) }),
  ]),
)

/** Routes of zones to Workers. */
export function routeEndpoints(cloud: Cloud): Endpoint[] {
  const path = '/zones/:zone/workers/routes'
  const find = (call: Call) => {
    const zone = zoneOf(cloud, call)
    const route = zone.routes.find(({ id }) => id === call.param('route'))
    if (!route) throw new ApiError(404, 10039, 'This route does not exist.')
    return { zone, route }
  }
  const checked = (zone: Zone, body: v.InferOutput<typeof bodySchema>, id: string): ZoneRoute => {
    checkPattern(zone, body.pattern)
    if (zone.routes.some((other) => other.pattern === body.pattern && other.id !== id)) throw taken()
    const account = cloud.store.accounts.find((one) => one.id === zone.accountId)
    if (body.script && !account?.scripts.some(({ name }) => name === body.script)) {
      throw new ApiError(400, 10019, `The script ${body.script} does not exist.`)
    }
    return { id, pattern: body.pattern, ...(body.script && { script: body.script }) }
  }
  return [
    endpoint('GET', path, 'Workers Routes Read', (call) => ({ result: zoneOf(cloud, call).routes })),
    endpoint('POST', path, 'Workers Routes Write', (call) => {
      const zone = zoneOf(cloud, call)
      const route = checked(zone, call.json(bodySchema), newId())
      zone.routes.push(route)
      cloud.store.save()
      return ok(route)
    }),
    endpoint('GET', `${path}/:route`, 'Workers Routes Read', (call) => ok(find(call).route)),
    endpoint('PUT', `${path}/:route`, 'Workers Routes Write', (call) => {
      const { zone, route } = find(call)
      const next = checked(zone, call.json(bodySchema), route.id)
      zone.routes.splice(zone.routes.indexOf(route), 1, next)
      cloud.store.save()
      return ok(next)
    }),
    endpoint('DELETE', `${path}/:route`, 'Workers Routes Write', (call) => {
      const { zone, route } = find(call)
      zone.routes.splice(zone.routes.indexOf(route), 1)
      cloud.store.save()
      return ok({ id: route.id })
    }),
    endpoint('PUT', '/accounts/:account/workers/scripts/:script/routes', 'Workers Scripts Write', (call) => {
      requirePermission(call.token, 'Workers Routes Write')
      const { account, script } = scriptOf(cloud, call)
      const wanted = call.json(listSchema).map((route) => placed(cloud, account, call, route))
      for (const { zone, pattern } of wanted) {
        if (zone.routes.some((other) => other.pattern === pattern && other.script !== script.name)) throw taken()
      }
      // The list is all of this Worker's routes: what is not in it goes.
      const zones = cloud.store.zones.filter(({ accountId }) => accountId === account.id)
      for (const zone of zones) {
        const own = wanted.filter((route) => route.zone === zone).map(({ pattern }) => pattern)
        const kept = zone.routes.filter((route) => route.script !== script.name || own.includes(route.pattern))
        const added = own.filter((pattern) => !kept.some((route) => route.pattern === pattern))
        zone.routes = [...kept, ...added.map((pattern) => ({ id: newId(), pattern, script: script.name }))]
      }
      cloud.store.save()
      return ok(wanted.map(({ pattern }) => pattern))
    }),
  ]
}

function placed(cloud: Cloud, account: Account, call: Call, route: v.InferOutput<typeof listSchema>[number]) {
  const { pattern, ...place } = typeof route === 'string' ? { pattern: route } : route
  const zone = cloud.store.zones
    .filter(({ accountId }) => accountId === account.id)
    .find((candidate) => {
      if ('zone_id' in place && place.zone_id !== undefined) return candidate.id === place.zone_id
      if ('zone_name' in place && place.zone_name !== undefined) return candidate.name === place.zone_name
      return inZone(candidate, hostOf(pattern))
    })
  if (!zone || !mayUseZone(call.token, zone)) throw new ApiError(400, 10040, `No zone was found for route ${pattern}.`)
  checkPattern(zone, pattern)
  return { zone, pattern }
}

function checkPattern(zone: Zone, pattern: string): void {
  try {
    compileRoutes([{ pattern, worker: '' }])
  } catch {
    throw new ApiError(400, 10022, `Invalid route pattern: ${pattern}`)
  }
  if (inZone(zone, hostOf(pattern))) return
  throw new ApiError(400, 10022, `The route pattern ${pattern} is not in the zone ${zone.name}.`)
}

function hostOf(pattern: string): string {
  const host = /^(?:https?:\/\/)?([^/]*)/i.exec(pattern)?.[1] ?? ''
  return host.toLowerCase().replace(/^\*\.?/, '')
}

function taken(): ApiError {
  return new ApiError(409, 10020, 'A route with the same pattern already exists.')
}
