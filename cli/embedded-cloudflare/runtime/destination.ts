import { compileRoutes } from '../routes.ts'
import type { Account } from '../state/account.ts'
import type { Script, Version } from '../state/script.ts'
import type { Store } from '../state/store.ts'
import { inZone, isProxied, type Zone } from '../state/zone.ts'
import { chooseVersion, type ReadHeader } from './version-choice.ts'

/** Who answers a request at the edge, or with what it is turned away. */
export type Destination =
  | { readonly script: Script; readonly version: Version }
  | { readonly status: number; readonly message: string }

/** Finds the Worker for a request: zone routes first, then custom domains, then workers.dev. */
export function destination(
  { accounts, zones }: Store,
  request: { hostname: string; target: string; protocol: 'http:' | 'https:'; header: ReadHeader },
): Destination {
  const { hostname, header } = request
  const zone = zones.filter((candidate) => inZone(candidate, hostname)).toSorted(byLength)[0]
  if (!zone) return workersDev(accounts, hostname, header)
  const account = accounts.find(({ id }) => id === zone.accountId)
  const domain = account?.customDomains.find((candidate) => candidate.hostname === hostname)
  if (!account || (!domain && !isProxied(zone, hostname))) {
    return { status: 421, message: `The zone ${zone.name} has no proxied DNS record for ${hostname}.` }
  }
  const route = matchingRoute(zone, request)
  const service = route ? route.worker : domain?.service
  if (service === undefined || service === '') {
    return { status: 522, message: `No Worker has a route for this path, and there is no origin behind ${hostname}.` }
  }
  return versionOf(account, service, header)
}

function matchingRoute(zone: Zone, { hostname, target, protocol }: Parameters<typeof destination>[1]) {
  const routes = zone.routes.map(({ pattern, script }) => ({ pattern, worker: script ?? '' }))
  return compileRoutes(routes).find((route) => {
    if (route.anyPrefix ? !hostname.endsWith(route.host) : hostname !== route.host) return false
    if (route.scheme && route.scheme !== protocol) return false
    return route.exact ? target === route.path : target.startsWith(route.path)
  })
}

/** `<worker>.<account>.workers.dev`, or `<8 digits of a version>-<worker>.…` for its preview. */
function workersDev(accounts: readonly Account[], hostname: string, header: ReadHeader): Destination {
  const [, label, subdomain] = /^([^.]+)\.([^.]+)\.workers\.dev(?:\.localhost)?$/.exec(hostname) ?? []
  const account = accounts.find((candidate) => candidate.subdomain !== undefined && candidate.subdomain === subdomain)
  if (!account || label === undefined) return { status: 421, message: 'This host name is not served here.' }
  const script = account.scripts.find(({ name }) => name === label)
  if (script?.subdomain.enabled) return versionOf(account, script.name, header)
  const [, prefix, name] = /^([0-9a-f]{8})-(.+)$/.exec(label) ?? []
  const previewed = account.scripts.find((candidate) => candidate.name === name)
  const version = previewed?.versions.find(({ id }) => prefix !== undefined && id.startsWith(prefix))
  const served = previewed?.deployments[0]?.versions.some(({ version_id }) => version_id === version?.id)
  if (!previewed?.subdomain.previews_enabled || !version) {
    return { status: 404, message: 'There is nothing here yet.' }
  }
  return served ? { script: previewed, version } : { status: 404, message: 'Previews run while they are deployed.' }
}

function versionOf(account: Account, name: string, header: ReadHeader): Destination {
  const script = account.scripts.find((candidate) => candidate.name === name)
  const version = script && chooseVersion(script, header)
  return script && version
    ? { script, version }
    : { status: 404, message: `The Worker ${name} does not exist or was never deployed.` }
}

function byLength(a: Zone, b: Zone): number {
  return b.name.length - a.name.length
}
