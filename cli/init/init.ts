import { join, resolve } from 'node:path'
import { operatorKeyFile } from '../admin/operator-key.ts'
import { checkPermissions } from '../cloudflare/permission-check.ts'
import type { Context } from '../context.ts'
import { resourcesFile } from '../environment.ts'
import { CliError, usageError } from '../error.ts'
import { planInitialisation } from '../plan/initialisation.ts'
import { findProject } from '../project/project.ts'
import { readProjectFile } from '../project/project-file.ts'
import { findResources, type Resources } from '../project/resources-file.ts'
import { wranglerFiles } from '../project/wrangler-files.ts'
import { environmentWorkers } from '../../shared/topology.ts'
import { packageVersion } from '../version.ts'
import { type Choices, gatherChoices, type InitOptions } from './choices.ts'
import { type Initialisation, initialise } from './initialise.ts'
import { localOperatorKey, lookAround, type Surroundings } from './look-around.ts'
import { nextSteps, planLines } from './messages.ts'
import { gitignoreText, packageText, projectText } from './project-texts.ts'

/** `authrim init`: what an environment needs, in the account and in the project's folder. */
export async function init(ctx: Context, dir: string | undefined, options: InitOptions): Promise<void> {
  const root = resolve(ctx.cwd, dir ?? '.')
  const choices = await gatherChoices(ctx, root, findProject(root), options)
  const { environment, account, zone } = choices
  const folder = join(root, '.authrim', environment.name)
  await checkPermissions(ctx, account, zone?.id)
  const [around, localKey] = await Promise.all([lookAround(account, environment, zone), localOperatorKey(folder)])
  const former = formerResources(ctx, root, choices)
  const operatorKey = former?.bootstrapOperatorKey ?? around.deployedKey ?? localKey
  if (operatorKey && operatorKey.x !== localKey?.x) {
    ctx.report.note(
      `The operator’s key of ${environment.name} is not on this machine: copy it to ${operatorKeyFile(folder)}.`,
    )
  }
  const choiceFiles = choiceTexts(root, choices)
  const plan = planInitialisation(environment.name, packageVersion(), {
    namespaces: around.namespaces,
    databases: around.databases,
    needsOperatorKey: operatorKey === undefined,
    choiceFiles: [...choiceFiles.keys()],
    resourceFiles: outdatedFiles(root, choices, former, around),
  })
  const document = (steps: readonly object[]) => ({
    initialisation: {
      environment: environment.name,
      issuer: environment.issuer,
      account: account.id,
      zone: zone?.name ?? null,
      changed: plan.steps.length > 0,
      steps,
      adopted: plan.adopted,
    },
  })
  if (plan.steps.length === 0) {
    ctx.report.answer(document([]), () => [
      `  ${environment.name} has everything already. Next: authrim deploy --env ${environment.name}`,
    ])
    return
  }
  ctx.report.lines(planLines(choices, plan))
  await ctx.prompt.confirm('Go on?')
  const host = former?.host ?? around.host
  const work: Initialisation = {
    root,
    folder,
    environment,
    account,
    accountName: choices.accountName,
    zone,
    host,
    operatorKey,
    choiceFiles,
  }
  const steps = await initialise(ctx, plan, work)
  ctx.report.answer(document(steps), () => {
    const isDefault = findProject(root)?.defaultEnvironment === environment.name
    return nextSteps(root, ctx.cwd, choices, isDefault)
  })
}

/** The resources of the project, if they fit the choices; a file that cannot be read is written anew. */
function formerResources(ctx: Context, root: string, { environment, account, zone }: Choices): Resources | undefined {
  try {
    const former = findResources(root, environment.name)
    if (former && former.account.id !== account.id) {
      throw usageError(
        `The resources of ${environment.name} are in account ${former.account.id}, not in ${account.id}.`,
        `Choose that one with --account, or another name with --env. To start over, remove ${resourcesFile(environment.name)}.`,
      )
    }
    return former?.zone?.id === zone?.id ? former : undefined
  } catch (error) {
    if (!(error instanceof CliError) || !error.message.includes('as authrim writes it')) throw error
    ctx.report.note(`${error.message} It is written anew from what the account has.`)
    return undefined
  }
}

/** Files to write once the resources exist. */
function outdatedFiles(
  root: string,
  { environment, zone }: Choices,
  former: Resources | undefined,
  around: Surroundings,
): string[] {
  const has = (id: string) => [...around.namespaces, ...around.databases].some((found) => found.id === id)
  const ids = former && [
    former.database.id,
    ...Object.values(former.kv).flatMap(({ id, previewId }) => [id, previewId]),
  ]
  if (former && ids?.every(has)) {
    return wranglerFiles(root, environment, former)
      .filter(({ state }) => state === 'missing' || state === 'outdated')
      .map(({ path }) => path)
  }
  return [
    resourcesFile(environment.name),
    ...environmentWorkers(zone !== undefined).map(
      (worker) => `environments/${environment.name}/${worker}/wrangler.toml`,
    ),
  ]
}

/** authrim.json, package.json and .gitignore, as far as they are to be written. */
function choiceTexts(root: string, choices: Choices): Map<string, string> {
  const texts = [
    ['authrim.json', projectText(readProjectFile(root, 'authrim.json'), choices)],
    ['package.json', packageText(readProjectFile(root, 'package.json'), choices.projectName, packageVersion())],
    ['.gitignore', gitignoreText(readProjectFile(root, '.gitignore'))],
  ] as const
  return new Map(texts.flatMap(([path, text]) => (text === undefined ? [] : [[path, text] as const])))
}
