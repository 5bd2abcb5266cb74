/** The operator's choices, authrim.json: schema, defaults, parse, and what the Workers get of them. */
import * as v from 'valibot'
import { ConfigError, memberPath } from './config/config-error.ts'
import { dictionary, EnvironmentSchema, isSafeName, members, Name, nameForm } from './config/environment-schema.ts'
import { isInZone, isLoopbackHost } from './config/issuer.ts'
import { keyLease, objects, type Variable, type WorkerName, workerNames, workerTopology } from './topology.ts'

export { ConfigError } from './config/config-error.ts'

const environmentsForm = `an object with one member per environment, each named by ${nameForm}`

const ProjectSchema = members(
  {
    $schema: v.exactOptional(v.string('the address of a JSON schema')),
    name: Name,
    defaultEnvironment: Name,
    environments: dictionary(environmentsForm, Name, EnvironmentSchema),
  },
  { name: nameForm, defaultEnvironment: 'the name of an environment', environments: environmentsForm },
)

type ParsedEnvironment = v.InferOutput<typeof EnvironmentSchema>

export type Environment = Readonly<Omit<ParsedEnvironment, 'branding'>> & {
  readonly name: string
  readonly branding: { readonly name: string; readonly accent: string; readonly logo?: string }
}

export interface Project {
  readonly name: string
  readonly defaultEnvironment: string
  readonly environments: Readonly<Record<string, Environment>>
}

/** Parses the text of authrim.json; the first thing wrong is thrown as a ConfigError. */
export function parseProjectText(text: string): Project {
  let input: unknown
  try {
    input = JSON.parse(text)
  } catch (error) {
    throw new ConfigError('', text.slice(0, 40), `JSON (${error instanceof Error ? error.message : 'syntax error'})`)
  }
  return parseProject(input)
}

/** Parses authrim.json, already read as JSON. */
export function parseProject(input: unknown): Project {
  refuseUnsafeMembers(input, '', 0)
  const result = v.safeParse(ProjectSchema, input, { abortEarly: true })
  if (!result.success) throw configError(result.issues[0], input)
  const { name, defaultEnvironment, environments } = result.output
  const entries = Object.entries(environments).map(([key, environment]) => {
    const { branding, ...rest } = environment
    const complete: Environment = { ...rest, name: key, branding: { ...branding, name: branding.name ?? name } }
    checkEnvironment(complete)
    return [key, complete] as const
  })
  if (!Object.hasOwn(environments, defaultEnvironment)) {
    const names = Object.keys(environments).join(', ')
    throw new ConfigError(
      'defaultEnvironment',
      defaultEnvironment,
      `an environment of this file (${names || 'there is none'})`,
    )
  }
  return { name, defaultEnvironment, environments: Object.fromEntries(entries) }
}

/** The environment of that name, the default one without a name. */
export function environmentOf(project: Project, name = project.defaultEnvironment): Environment {
  if (!isSafeName(name)) throw new ConfigError('--env', name, nameForm)
  const found = Object.hasOwn(project.environments, name) ? project.environments[name] : undefined
  if (!found) throw new ConfigError('--env', name, `one of ${Object.keys(project.environments).join(', ')}`)
  return found
}

/** True for an environment that lives on this machine: a loopback issuer and no account. */
export function isLocal(environment: Environment): boolean {
  return environment.accountId === undefined && isLoopbackHost(new URL(environment.issuer).hostname)
}

/** A Worker's script name: `authrim-op-token` in production, `authrim-staging-op-token` elsewhere. */
export function scriptName(environmentName: string, worker: WorkerName): string {
  return environmentName === 'production' ? `authrim-${worker}` : `authrim-${environmentName}-${worker}`
}

/** The `[vars]` of a Worker, all text. The bootstrap key is the operator's, so it is not in authrim.json. */
export function workerVariables(
  environment: Environment,
  worker: WorkerName,
  bootstrapOperatorKey = '',
): Readonly<Record<string, string>> {
  const values: Record<Variable, string> = {
    ISSUER_URL: environment.issuer,
    ENVIRONMENT: isLocal(environment) ? 'local' : environment.name,
    CODE_EXPIRY: String(environment.codeTtl),
    TOKEN_EXPIRY: String(environment.accessTokenTtl),
    ID_TOKEN_EXPIRY: String(environment.idTokenTtl),
    REFRESH_TOKEN_EXPIRY: String(environment.refreshTokenTtl),
    SESSION_EXPIRY: String(environment.sessionTtl),
    PAR_EXPIRY: String(environment.parTtl),
    REGISTRATION: environment.registration,
    BRANDING: JSON.stringify(environment.branding),
    BOOTSTRAP_OPERATOR_KEY: bootstrapOperatorKey,
    APPROVAL_WEBHOOK: environment.approvals.webhook ?? '',
    SUPPORT_DECISIONS: environment.approvals.supportDecisions ? 'on' : 'off',
  }
  const own = workerTopology(worker).variables.map((variable) => [variable, values[variable]] as const)
  return { ...Object.fromEntries(own), ...environment.vars[worker] }
}

/** What no single member can tell. */
function checkEnvironment(environment: Environment): void {
  const { name, issuer, zone, accountId, vars } = environment
  const at = (member: string) => `${memberPath('environments', name)}.${member}`
  const loopback = isLoopbackHost(new URL(issuer).hostname)
  if (loopback && accountId !== undefined) {
    throw new ConfigError(at('accountId'), accountId, 'none, because the issuer is on this machine')
  }
  if (loopback && zone !== undefined)
    throw new ConfigError(at('zone'), zone, 'none, because the issuer is on this machine')
  // ENVIRONMENT=local tells the Workers to accept http on loopback: it must never reach Cloudflare.
  if (!loopback && name === 'local') {
    throw new ConfigError(at('issuer'), issuer, 'http://localhost:<port>, because an environment named local is local')
  }
  if (zone !== undefined && !isInZone(issuer, zone)) {
    throw new ConfigError(
      at('zone'),
      zone,
      `the domain that the issuer's host (${new URL(issuer).hostname}) belongs to`,
    )
  }
  for (const worker of workerNames) {
    for (const variable of Object.keys(vars[worker] ?? {})) {
      // The name stands for the value, which may be a secret in the wrong place.
      if (reserved.has(variable)) {
        throw new ConfigError(`${at('vars')}.${worker}`, variable, 'names that authrim does not set itself')
      }
    }
  }
}

/** Names of bindings, variables and secrets, in whichever Worker. */
const reserved: ReadonlySet<string> = new Set([
  ...workerNames
    .map(workerTopology)
    .flatMap(({ variables, secrets, kv, rateLimits }) => [
      ...variables,
      ...secrets,
      ...kv,
      ...rateLimits.map(({ binding }) => binding),
    ]),
  ...Object.values(objects),
  keyLease.binding,
  'DB',
  'VERSION',
])

/** Members that a JavaScript object treats specially would be skipped in silence; deep nesting is no configuration. */
function refuseUnsafeMembers(value: unknown, path: string, depth: number): void {
  if (typeof value !== 'object' || value === null) return
  if (depth > 8) throw new ConfigError(path.slice(0, 80), value, 'less nesting')
  for (const key of Object.keys(value)) {
    const below: unknown = Reflect.get(value, key)
    const at = memberPath(path, key)
    if (key === '__proto__' || key === 'constructor' || key === 'prototype') {
      throw new ConfigError(at, below, 'no member of this name')
    }
    refuseUnsafeMembers(below, at, depth + 1)
  }
}

/** Where valibot stopped, as a ConfigError. */
function configError(issue: v.BaseIssue<unknown>, input: unknown): ConfigError {
  let path = ''
  let value: unknown = input
  for (const { key } of issue.path ?? []) {
    path = memberPath(path, String(key))
    value = typeof value === 'object' && value !== null ? Reflect.get(value, String(key)) : undefined
  }
  return new ConfigError(path, value, issue.message)
}
