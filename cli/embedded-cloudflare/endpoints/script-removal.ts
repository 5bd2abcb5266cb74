import { ok } from '../api/answer.ts'
import { ApiError } from '../api/api-error.ts'
import { type Endpoint, endpoint } from '../api/endpoint.ts'
import { accountOf, type Cloud, scriptOf } from '../cloud.ts'
import type { Account } from '../state/account.ts'
import { latestVersion, type Script, servedVersions } from '../state/script.ts'
import { removeDomain } from './custom-domain-records.ts'

/** What wrangler asks before it deletes a Worker. */
export function referenceEndpoints(cloud: Cloud): Endpoint[] {
  return [
    endpoint('GET', '/accounts/:account/workers/scripts/:script/references', 'Workers Scripts Read', (call) => {
      const { account, script } = scriptOf(cloud, call)
      const { services, objects } = referencesTo(account, script)
      return ok({
        services: {
          incoming: services.map((name) => ({ name, service: name, environment: 'production' })),
          outgoing: [],
        },
        durable_objects: objects.map(({ service, className }) => ({
          service,
          environment: 'production',
          durable_object_namespace_id: script.classes[className]?.id,
          durable_object_namespace_name: `${script.name}_${className}`,
        })),
        dispatch_outbounds: [],
      })
    }),
    endpoint('GET', '/accounts/:account/workers/tails/by-consumer/:script', 'Workers Scripts Read', (call) => {
      accountOf(cloud, call)
      return ok([])
    }),
    endpoint('GET', '/accounts/:account/containers/applications', 'Workers Scripts Read', (call) => {
      accountOf(cloud, call)
      return ok([])
    }),
  ]
}

/** Deletes a Worker with its routes, domains and objects; one that others are bound to only by force. */
export function removeScript(cloud: Cloud, account: Account, script: Script, force: boolean): void {
  const { services, objects } = referencesTo(account, script)
  const users = [...services, ...objects.map(({ service }) => service).filter((name) => name !== script.name)]
  if (users.length > 0 && !force) {
    throw new ApiError(
      400,
      10064,
      `Cannot delete this Worker because other Workers are bound to it: ${[...new Set(users)].join(', ')}.`,
    )
  }
  account.scripts.splice(account.scripts.indexOf(script), 1)
  const zones = cloud.store.zones.filter(({ accountId }) => accountId === account.id)
  for (const zone of zones) zone.routes = zone.routes.filter((route) => route.script !== script.name)
  const domains = account.customDomains.filter(({ service }) => service === script.name)
  for (const domain of domains) removeDomain(cloud, account, domain)
  for (const tail of cloud.tails.of(script)) cloud.tails.close(tail.id)
  cloud.store.save()
}

function referencesTo(account: Account, script: Script) {
  const services = new Set<string>()
  const objects: { service: string; className: string }[] = []
  for (const other of account.scripts) {
    const version = servedVersions(other)[0]?.version ?? latestVersion(other)
    for (const binding of version?.bindings ?? []) {
      if (binding.type === 'service' && binding.service === script.name && other !== script) services.add(other.name)
      if (binding.type === 'durable_object_namespace' && (binding.script_name ?? other.name) === script.name) {
        objects.push({ service: other.name, className: binding.class_name })
      }
    }
  }
  return { services: [...services], objects }
}
