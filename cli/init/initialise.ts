import type { Environment } from '../../shared/config.ts'
import { ensureOperatorKey, findOperatorKey } from '../admin/operator-key.ts'
import { applyPlan, type StepOutcome } from '../apply/apply.ts'
import { Interruption } from '../apply/interruption.ts'
import type { AccountApi } from '../cloudflare/account-api.ts'
import {
  ensureDatabase,
  ensureNamespace,
  listDatabases,
  listNamespaces,
  type Named,
  type Zone,
} from '../cloudflare/resources.ts'
import type { Context } from '../context.ts'
import { resourcesFile } from '../environment.ts'
import { CliError } from '../error.ts'
import type { InitialisationPlan } from '../plan/initialisation.ts'
import { databaseName, namespaceTitles } from '../plan/names.ts'
import type { InitStep } from '../plan/plan.ts'
import { writeProjectFile } from '../project/project-file.ts'
import { type Resources, writeResources } from '../project/resources-file.ts'
import { wranglerFiles, writeWranglerFiles } from '../project/wrangler-files.ts'
import { type PublicOperatorKey, publicMembers } from './look-around.ts'

export interface Initialisation {
  /** The project's folder. */
  readonly root: string
  /** What this machine keeps of the environment. */
  readonly folder: string
  readonly environment: Environment
  readonly account: AccountApi
  readonly accountName: string
  /** Undefined for workers.dev. */
  readonly zone: Zone | undefined
  readonly host: Resources['host']
  /** The public key that is known already, of the project or of what is deployed. */
  readonly operatorKey: PublicOperatorKey | undefined
  /** Texts of the files that hold the operator's choices. */
  readonly choiceFiles: ReadonlyMap<string, string>
}

/** Makes what the plan lists. Ids are read back from the account, so a run that was killed leaves no gap. */
export async function initialise(ctx: Context, plan: InitialisationPlan, init: Initialisation): Promise<StepOutcome[]> {
  using interruption = new Interruption((text) => ctx.report.note(text))
  return await applyPlan(plan, {
    execute: async (step) => {
      await executeStep(step, init)
      return undefined
    },
    label,
    folder: init.folder,
    progress: ctx.progress,
    interruption,
    next: `authrim init --env ${plan.environment}`,
  })
}

async function executeStep(step: InitStep, init: Initialisation): Promise<void> {
  const { account, environment, folder } = init
  if (step.kind === 'create-namespace') await ensureNamespace(account, step.target)
  else if (step.kind === 'create-database') await ensureDatabase(account, step.target, environment.location)
  else if (step.kind === 'create-operator-key') await ensureOperatorKey(folder)
  else await writeFiles(step.files, init)
}

async function writeFiles(paths: readonly string[], init: Initialisation): Promise<void> {
  const { root, environment, choiceFiles } = init
  for (const path of paths) {
    const text = choiceFiles.get(path)
    if (text !== undefined) writeProjectFile(root, path, text)
  }
  if (paths.every((path) => choiceFiles.has(path))) return
  const resources = await readBack(init)
  if (paths.includes(resourcesFile(environment.name))) writeResources(root, environment.name, resources)
  // What somebody changed by hand is the next deploy's to ask about.
  const files = wranglerFiles(root, environment, resources).filter(({ state }) => state !== 'edited')
  writeWranglerFiles(root, files)
}

/** The resources of an environment as the account has them. */
export async function readBack(init: Omit<Initialisation, 'root' | 'choiceFiles'>): Promise<Resources> {
  const { account, accountName, environment, zone, host, operatorKey, folder } = init
  const [namespaces, databases] = await Promise.all([listNamespaces(account), listDatabases(account)])
  const namespace = (name: Parameters<typeof namespaceTitles>[1]) => {
    const { id, previewId } = namespaceTitles(environment.name, name)
    return { id: idOf(namespaces, id), previewId: idOf(namespaces, previewId) }
  }
  const database = databaseName(environment.name)
  return {
    version: 1,
    account: { id: account.id, name: accountName },
    ...(zone && { zone: { id: zone.id, name: zone.name } }),
    host,
    kv: {
      CLIENTS: namespace('CLIENTS'),
      AUTH_CODES: namespace('AUTH_CODES'),
      REFRESH_TOKENS: namespace('REFRESH_TOKENS'),
    },
    database: { name: database, id: idOf(databases, database) },
    bootstrapOperatorKey: operatorKey ?? publicMembers((await findOperatorKey(folder)).publicJwk),
  }
}

function idOf(list: readonly Named[], wanted: string): string {
  const found = list.find(({ name }) => name === wanted)
  if (found) return found.id
  throw new CliError(`${wanted} was made, but the account does not list it yet.`, { hint: 'Run authrim init again.' })
}

const labels = {
  'create-namespace': 'KV namespace',
  'create-database': 'D1 database',
  'create-operator-key': 'operator key',
  'write-files': 'files',
} as const

function label({ kind, target }: InitStep): string {
  return `${labels[kind].padEnd(14)} ${target}`
}
