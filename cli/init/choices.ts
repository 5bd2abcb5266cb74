import { basename } from 'node:path'
import * as v from 'valibot'
import { isSafeName, nameForm } from '../../shared/config/environment-schema.ts'
import { isInZone, isLoopbackHost } from '../../shared/config/issuer.ts'
import { type Environment, isLocal, type Project, scriptName } from '../../shared/config.ts'
import { router } from '../../shared/topology.ts'
import { AccountApi, attempt } from '../cloudflare/account-api.ts'
import { type CloudflareAccess, cloudflareAccess } from '../cloudflare/account.ts'
import { cloudflareClient } from '../cloudflare/client.ts'
import { listAccounts, listZones, type Named, type Zone } from '../cloudflare/resources.ts'
import type { Context } from '../context.ts'
import { CliError, usageError } from '../error.ts'
import { parseText } from '../project/project.ts'

export interface InitOptions {
  readonly local?: true
  readonly name?: string
  readonly account?: string
  readonly zone?: string
  readonly issuer?: string
  readonly location?: string
}

/** The operator's choices, by options, by the project that exists, or asked for. */
export interface Choices {
  readonly projectName: string
  readonly environmentName: string
  /** The environment's member in authrim.json; undefined when it is there already. */
  readonly newEnvironment: Record<string, string> | undefined
  readonly environment: Environment
  readonly local: boolean
  readonly account: AccountApi
  readonly accountName: string
  /** Undefined for an address of workers.dev. */
  readonly zone: Zone | undefined
}

/** Gathers what init needs to know; every question has an option. */
export async function gatherChoices(
  ctx: Context,
  folder: string,
  project: Project | undefined,
  options: InitOptions,
): Promise<Choices> {
  const projectName = project?.name ?? (await chooseName(ctx, folder, options))
  const named = ctx.environmentName ?? project?.defaultEnvironment
  if (named !== undefined && !isSafeName(named)) throw usageError(`--env ${named} is not ${nameForm}.`)
  const existing = named === undefined ? undefined : project?.environments[named]
  const local = existing ? isLocal(existing) : await chooseLocal(ctx, named, options)
  const environmentName = named ?? (local ? 'local' : 'production')
  const access = await cloudflareAccess(local)
  const note = ctx.verbose ? (line: string) => ctx.report.note(line) : undefined
  const chosen = await chooseAccount(ctx, access, existing?.accountId ?? options.account, local)
  const account = new AccountApi(chosen.id, access, note)
  const zones = await listZones(account)
  const issuerGiven = existing?.issuer ?? options.issuer ?? (local ? localIssuer(access) : undefined)
  const zone = await chooseZone(ctx, zones, existing?.zone ?? options.zone, issuerGiven)
  const issuer = zone
    ? (issuerGiven ?? (await chooseIssuer(ctx, zone)))
    : await workersDevIssuer(account, environmentName, issuerGiven)
  const newEnvironment = {
    issuer,
    ...(!local && { accountId: chosen.id, ...(zone && { zone: zone.name }) }),
    ...(options.location !== undefined && { location: options.location }),
  }
  return {
    projectName,
    environmentName,
    newEnvironment: existing ? undefined : newEnvironment,
    environment: existing ?? parsed(projectName, environmentName, newEnvironment),
    local,
    account,
    accountName: chosen.name,
    zone,
  }
}

async function chooseName({ prompt }: Context, folder: string, { name }: InitOptions): Promise<string> {
  const proposal = basename(folder)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[^a-z]+|-+$/g, '')
  if (name === undefined) {
    return prompt.textOr('What is it called?', isSafeName(proposal) ? proposal : 'my-idp', '--name', (answer) =>
      isSafeName(answer) ? undefined : `It has to be ${nameForm}.`,
    )
  }
  if (!isSafeName(name)) throw usageError(`--name ${name} is not ${nameForm}.`)
  return name
}

/** Where it runs: on this machine, or in a Cloudflare account. */
async function chooseLocal(
  { prompt }: Context,
  environmentName: string | undefined,
  options: InitOptions,
): Promise<boolean> {
  if (options.local || environmentName === 'local') return true
  if (options.issuer !== undefined) return isLoopbackHost(URL.parse(options.issuer)?.hostname ?? '')
  if (options.account !== undefined || options.zone !== undefined || !prompt.interactive) return false
  const here = 'on this machine, without an account'
  return (await prompt.choice('Where should it run?', ['in a Cloudflare account', here], '--local')) === here
}

/** A local issuer is wherever the local Cloudflare's edge listens. */
function localIssuer({ edgeOrigin = 'http://localhost:8787' }: CloudflareAccess): string {
  const { port } = new URL(edgeOrigin)
  return port === '' ? 'http://localhost' : `http://localhost:${port}`
}

async function chooseAccount(
  { prompt }: Context,
  access: CloudflareAccess,
  wanted: string | undefined,
  local: boolean,
): Promise<Named> {
  const accounts = await listAccounts(cloudflareClient(access))
  const [only] = accounts
  if (!only) {
    throw new CliError('The token sees no account.', {
      code: 'no_account',
      hint: 'Give it the permission Account · Account Settings · Read for your account.',
    })
  }
  if (wanted !== undefined) return oneOf(accounts, wanted, '--account')
  if (accounts.length === 1 || local) return only
  return oneOf(accounts, await prompt.choice('Which account?', accounts.map(label), '--account'), '--account')
}

async function chooseZone(
  { prompt }: Context,
  zones: readonly Zone[],
  wanted: string | undefined,
  issuer: string | undefined,
): Promise<Zone | undefined> {
  if (wanted !== undefined) return oneOf(zones, wanted, '--zone')
  const host = issuer === undefined ? undefined : URL.parse(issuer)?.hostname
  const around = zones.filter(({ name }) => host !== undefined && (host === name || host.endsWith(`.${name}`)))
  const [closest] = around.toSorted((a, b) => b.name.length - a.name.length)
  if (closest) return closest
  const [only] = zones
  if (host === undefined ? !only : host.endsWith('.workers.dev')) return undefined
  if (!only || host !== undefined) {
    throw new CliError(host === undefined ? 'The account has no zone.' : `The account has no zone for ${host}.`, {
      code: 'no_zone',
      hint: 'Add your domain at https://dash.cloudflare.com, or check that the token may read it (Zone · Zone · Read).',
    })
  }
  if (zones.length === 1) return only
  return oneOf(zones, await prompt.choice('Which domain?', zones.map(label), '--zone'), '--zone')
}

const Subdomain = v.object({ result: v.object({ subdomain: v.string() }) })

/** The router's address: the only one that an account without a zone has. */
async function workersDevIssuer(account: AccountApi, environment: string, given: string | undefined): Promise<string> {
  const path = account.path('workers/subdomain')
  const answer = await attempt('Reading the account’s name at workers.dev', path, () => account.client.get(path))
  const { result } = v.parse(Subdomain, answer)
  const issuer = `https://${scriptName(environment, router)}.${result.subdomain}.workers.dev`
  if (given === undefined || given === issuer) return issuer
  throw usageError(`${given} is not an address of this account at workers.dev.`, `Without a domain it is ${issuer}`)
}

function chooseIssuer({ prompt }: Context, zone: Zone): Promise<string> {
  return prompt.textOr('At which address do people sign in?', `https://id.${zone.name}`, '--issuer', (answer) =>
    URL.canParse(answer) && new URL(answer).protocol === 'https:' && isInZone(answer, zone.name)
      ? undefined
      : `It has to be an https address in the domain ${zone.name}.`,
  )
}

function label({ name, id }: Named): string {
  return `${name} (${id.slice(0, 4)}…)`
}

/** By name, id, or the label that was chosen from. */
function oneOf<Item extends Named>(items: readonly Item[], wanted: string, option: string): Item {
  const found = items.filter((item) => [item.id, item.name, label(item)].includes(wanted))
  const [first, second] = found
  if (first && !second) return first
  throw usageError(
    second ? `${option} ${wanted} fits several.` : `${option} ${wanted} is not one that the token sees.`,
    second
      ? `Give the id: ${found.map(({ id }) => id).join(', ')}`
      : `There are: ${items.map(({ name }) => name).join(', ')}`,
  )
}

/** Refuses choices that authrim.json could not hold. */
function parsed(name: string, environmentName: string, member: Record<string, string>): Environment {
  const document = { name, defaultEnvironment: environmentName, environments: { [environmentName]: member } }
  const project = parseText(JSON.stringify(document))
  const environment = project.environments[environmentName]
  if (!environment) throw new TypeError(`no environment ${environmentName}`)
  return environment
}
