import type { Endpoint } from '../api/endpoint.ts'
import type { Cloud } from '../cloud.ts'
import { analyticsEndpoints } from './analytics.ts'
import { customDomainEndpoints } from './custom-domains.ts'
import { d1Endpoints } from './d1.ts'
import { deploymentEndpoints } from './deployments.ts'
import { dnsRecordEndpoints } from './dns-records.ts'
import { durableObjectEndpoints } from './durable-objects.ts'
import { identityEndpoints } from './identity.ts'
import { kvNamespaceEndpoints } from './kv-namespaces.ts'
import { kvValueEndpoints } from './kv-values.ts'
import { routeEndpoints } from './routes.ts'
import { referenceEndpoints } from './script-removal.ts'
import { scriptSettingEndpoints } from './script-settings.ts'
import { scriptEndpoints } from './scripts.ts'
import { secretEndpoints } from './secrets.ts'
import { subdomainEndpoints } from './subdomain.ts'
import { tailEndpoints } from './tails.ts'
import { versionEndpoints } from './versions.ts'
import { zoneEndpoints } from './zones.ts'

/** Every endpoint of the API. */
export function allEndpoints(cloud: Cloud): Endpoint[] {
  return [
    identityEndpoints,
    zoneEndpoints,
    dnsRecordEndpoints,
    kvNamespaceEndpoints,
    kvValueEndpoints,
    d1Endpoints,
    scriptEndpoints,
    scriptSettingEndpoints,
    versionEndpoints,
    deploymentEndpoints,
    secretEndpoints,
    subdomainEndpoints,
    routeEndpoints,
    customDomainEndpoints,
    durableObjectEndpoints,
    referenceEndpoints,
    tailEndpoints,
    analyticsEndpoints,
  ].flatMap((endpoints) => endpoints(cloud))
}
