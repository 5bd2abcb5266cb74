import { existsSync } from 'node:fs'
import kleur from 'kleur'
import type { Context } from '../context.ts'
import { issuerFile } from '../environment.ts'
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
  const { environment, folder, local } = await context.environment()
  const started = !local || existsSync(issuerFile(folder))
  const running = started && (await answers(environment.issuer))
  const steps = suggestions({ local, started, running })
  const state = running ? 'is running' : started && local ? 'is stopped; its data is kept' : 'was never started here'
  context.report.answer(
    { environment: environment.name, issuer: environment.issuer, running, next: steps.map(([command]) => command) },
    () => [
      `  ${environment.name} · ${environment.issuer} ${local ? state : running ? 'answers' : 'does not answer'}`,
      '',
      ...steps.map(([command, why]) => `  ${kleur.bold(command.padEnd(42))}${why}`),
    ],
  )
}

function suggestions(is: { local: boolean; started: boolean; running: boolean }): [command: string, why: string][] {
  const help: [string, string] = ['authrim --help', 'everything else']
  if (is.running) {
    return [
      ['authrim clients create --type web', 'register an application'],
      ['authrim users create', 'add a person'],
      ['authrim keys list', 'see the signing keys'],
      help,
    ]
  }
  if (is.local) {
    return [['authrim dev', is.started ? 'start it again' : 'start it, with a demo to sign in to'], help]
  }
  return [help]
}

async function answers(issuer: string): Promise<boolean> {
  try {
    return (await fetch(`${issuer}/op-discovery/health`, { signal: AbortSignal.timeout(1000) })).ok
  } catch {
    return false
  }
}
