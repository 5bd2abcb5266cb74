import { existsSync } from 'node:fs'
import { join } from 'node:path'
import kleur from 'kleur'
import type { Context } from '../context.ts'
import { issuerFile, resourcesFile } from '../environment.ts'
import { pairs } from '../ui/report.ts'
import { dependencyVersion, packageVersion } from '../version.ts'

/** `authrim --version` */
export function versions({ report }: Context): void {
  const document = {
    authrim: packageVersion(),
    wrangler: dependencyVersion('wrangler') ?? null,
    workerd: dependencyVersion('workerd') ?? null,
    node: process.versions.node,
  }
  report.answer(document, () => pairs(Object.entries(document).map(([name, version]) => [name, version ?? 'missing'])))
}

/** `authrim` alone: what to do next in this folder. */
export async function nextSteps(context: Context): Promise<void> {
  const { environment, folder, local, root } = await context.environment()
  const has = {
    project: existsSync(join(root, 'authrim.json')),
    resources: existsSync(join(root, resourcesFile(environment.name))),
    started: existsSync(issuerFile(folder)),
  }
  const running = (!local || has.resources || has.started) && (await answers(environment.issuer))
  const steps = suggestions({ ...has, local, running })
  const state = running ? 'is running' : has.started ? 'is stopped; its data is kept' : 'was never started here'
  context.report.answer(
    { environment: environment.name, issuer: environment.issuer, running, next: steps.map(([command]) => command) },
    () => [
      `  ${environment.name} · ${environment.issuer} ${local ? state : running ? 'answers' : 'does not answer'}`,
      '',
      ...steps.map(([command, why]) => `  ${kleur.bold(command.padEnd(42))}${why}`),
    ],
  )
}

interface Situation {
  readonly project: boolean
  readonly resources: boolean
  readonly started: boolean
  readonly local: boolean
  readonly running: boolean
}

function suggestions(is: Situation): [command: string, why: string][] {
  const help: [string, string] = ['authrim --help', 'everything else']
  if (is.running) {
    return [
      ['authrim clients create --type web', 'register an application'],
      ['authrim users create', 'add a person'],
      ['authrim keys list', 'see the signing keys'],
      help,
    ]
  }
  if (is.resources && !is.started) return [['authrim deploy', 'bring its Workers up'], help]
  if (!is.local) return [['authrim init', 'make what it needs in the account'], help]
  const dev: [string, string] = ['authrim dev', is.started ? 'start it again' : 'start it, with a demo to sign in to']
  return is.project ? [dev, help] : [dev, ['authrim init my-idp', 'make a project for your Cloudflare account'], help]
}

async function answers(issuer: string): Promise<boolean> {
  try {
    return (await fetch(`${issuer}/op-discovery/health`, { signal: AbortSignal.timeout(1000) })).ok
  } catch {
    return false
  }
}
