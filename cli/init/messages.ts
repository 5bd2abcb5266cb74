import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import kleur from 'kleur'
import type { InitialisationPlan } from '../plan/initialisation.ts'
import { sanitize } from '../ui/sanitize.ts'
import type { Choices } from './choices.ts'

/** What init is about to do, before it asks. */
export function planLines({ environment, account, accountName }: Choices, plan: InitialisationPlan): string[] {
  const where = `${kleur.bold(environment.name)} · ${environment.issuer} · account ${sanitize(accountName)} (${account.id.slice(0, 4)}…)`
  return [
    `  ${where}`,
    '',
    '  Plan',
    ...plan.steps.map((step) =>
      step.kind === 'write-files' ? `    write    ${step.target}` : `    create   ${step.target}`,
    ),
    ...plan.adopted.map((name) => `    take     ${name}, which exists`),
    '',
  ]
}

/** What to type next. */
export function nextSteps(root: string, cwd: string, choices: Choices, isDefault: boolean): string[] {
  const { environment, local, projectName } = choices
  const folder = relative(cwd, root)
  const deploy = `npx authrim deploy${isDefault ? '' : ` --env ${environment.name}`}`
  return [
    '',
    `  ${kleur.green('✔')} ${projectName} has the environment ${environment.name}.`,
    '',
    '  Next',
    ...(folder === '' ? [] : [`    cd ${folder}`]),
    ...(existsSync(join(root, 'node_modules/authrim')) ? [] : ['    npm install']),
    local ? `    ${deploy}` : `    ${deploy.padEnd(29)}people sign in at ${environment.issuer}`,
    '',
    '  The folder can be committed as it is; the operator’s key in .authrim stays on this machine. Keep a copy of it.',
  ]
}
