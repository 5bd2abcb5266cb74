import { type Environment, scriptName } from '../../shared/config.ts'
import { objectHost } from '../../shared/topology.ts'
import { findOperatorKey, operatorKeyFile } from '../admin/operator-key.ts'
import type { AccountApi } from '../cloudflare/account-api.ts'
import { observeWorker } from '../cloudflare/observe.ts'
import { listAddressRecords, listDatabases, listNamespaces, type Named, type Zone } from '../cloudflare/resources.ts'
import { listDomains } from '../cloudflare/routes.ts'
import { CliError } from '../error.ts'
import type { Resources } from '../project/resources-file.ts'
import { readIfThere } from '../secret-file.ts'

export type PublicOperatorKey = Resources['bootstrapOperatorKey']

/** What there is before an environment is made. */
export interface Surroundings {
  readonly namespaces: readonly Named[]
  readonly databases: readonly Named[]
  /** How the issuer's host can reach op-discovery. */
  readonly host: Resources['host']
  /** The operator's key that a deployed op-discovery knows. */
  readonly deployedKey: PublicOperatorKey | undefined
}

/** Looks at the account, and refuses a host that cannot be had. */
export async function lookAround(
  account: AccountApi,
  environment: Environment,
  zone: Zone | undefined,
): Promise<Surroundings> {
  const hostname = new URL(environment.issuer).hostname
  const script = scriptName(environment.name, objectHost)
  const [namespaces, databases, records, domains, deployed] = await Promise.all([
    listNamespaces(account),
    listDatabases(account),
    zone ? listAddressRecords(account, zone.id, hostname) : [],
    zone ? listDomains(account, hostname) : [],
    observeWorker(account, { worker: objectHost, script }),
  ])
  const foreign = domains.find((domain) => domain.script !== script)
  if (foreign) {
    throw new CliError(`${hostname} is the custom domain of another Worker, ${foreign.script}.`, {
      code: 'host_taken',
      hint: 'Choose another host with --issuer.',
    })
  }
  const external = domains.length > 0 ? [] : records.filter(({ ofWorker }) => !ofWorker)
  const unproxied = external.find(({ proxied }) => !proxied)
  if (unproxied) {
    throw new CliError(`${hostname} has a ${unproxied.type} record that does not pass through Cloudflare.`, {
      code: 'host_taken',
      hint: 'Turn its proxy on in the dashboard, remove it, or choose another host with --issuer.',
    })
  }
  const key = deployed?.live[0]?.bindings.find(({ name }) => name === 'BOOTSTRAP_OPERATOR_KEY')?.['text']
  return {
    namespaces,
    databases,
    // A host that serves something keeps its record: only our paths are taken from it.
    host: zone ? (external.length > 0 ? 'routes' : 'custom-domain') : 'workers-dev',
    deployedKey: typeof key === 'string' ? parsePublicKey(key) : undefined,
  }
}

/** The public key of this machine's operator; undefined when there is none yet. */
export async function localOperatorKey(folder: string): Promise<PublicOperatorKey | undefined> {
  if (!process.env['AUTHRIM_OPERATOR_KEY'] && readIfThere(operatorKeyFile(folder)) === undefined) return undefined
  return publicMembers((await findOperatorKey(folder)).publicJwk)
}

/** The members of a public key that are kept. */
export function publicMembers({ x }: { readonly x?: string }): PublicOperatorKey {
  return { kty: 'OKP', crv: 'Ed25519', x: x ?? '' }
}

function parsePublicKey(text: string): PublicOperatorKey | undefined {
  try {
    const jwk: unknown = JSON.parse(text)
    if (typeof jwk !== 'object' || jwk === null || !('x' in jwk) || typeof jwk.x !== 'string') return undefined
    return publicMembers({ x: jwk.x })
  } catch {
    return undefined
  }
}
