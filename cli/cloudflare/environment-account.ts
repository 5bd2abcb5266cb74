import type { Environment } from '../../shared/config.ts'
import { Edge } from '../apply/edge.ts'
import type { Context } from '../context.ts'
import type { LocatedEnvironment } from '../environment.ts'
import { usageError } from '../error.ts'
import { readProjectFile } from '../project/project-file.ts'
import { readResources, type Resources } from '../project/resources-file.ts'
import { AccountApi } from './account-api.ts'
import { type CloudflareAccess, cloudflareAccess } from './account.ts'

/** An environment of a project with its Cloudflare account, ready to be asked. */
export interface EnvironmentAccount {
  readonly located: LocatedEnvironment
  /** As authrim.json has it. */
  readonly environment: Environment
  readonly resources: Resources
  readonly account: AccountApi
  readonly edge: Edge
}

/** Opens the account of the environment that a command is about. */
export async function openEnvironmentAccount(ctx: Context): Promise<EnvironmentAccount> {
  const located = await ctx.environment()
  if (readProjectFile(located.root, 'authrim.json') === undefined) {
    throw usageError(
      `There is no authrim.json in ${located.root}.`,
      'Make a project: authrim init   or name its folder with --cwd',
    )
  }
  const environment = { ...located.environment, issuer: located.configuredIssuer }
  const resources = readResources(located.root, environment.name)
  if (environment.accountId !== undefined && environment.accountId !== resources.account.id) {
    throw usageError(
      `authrim.json says account ${environment.accountId}, but the resources of ${environment.name} are in ${resources.account.id}.`,
      `Put the right one into authrim.json, or make the resources there: authrim init --env ${environment.name}`,
    )
  }
  const access = await cloudflareAccess(located.local, process.env, environment.issuer)
  if (located.local) checkEdge(environment, access)
  const account = new AccountApi(
    resources.account.id,
    access,
    ctx.verbose ? (line) => ctx.report.note(line) : undefined,
  )
  return { located, environment, resources, account, edge: new Edge(environment.issuer, access.edgeOrigin) }
}

/** A local issuer is wherever the embedded Cloudflare's edge listens. */
function checkEdge({ issuer, name }: Environment, { edgeOrigin }: CloudflareAccess): void {
  if (edgeOrigin === undefined) return
  const [wanted, found] = [new URL(issuer).port || '80', new URL(edgeOrigin).port || '80']
  if (wanted === found) return
  throw usageError(
    `The issuer of ${name} is ${issuer}, but the local Cloudflare serves port ${found}.`,
    `Start it there: authrim local --port ${wanted}   or change the issuer: authrim config set environments.${name}.issuer http://localhost:${found}`,
  )
}
