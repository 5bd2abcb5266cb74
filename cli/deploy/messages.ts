import kleur from 'kleur'
import { workerTopology } from '../../shared/topology.ts'
import type { EnvironmentAccount } from '../cloudflare/environment-account.ts'
import type { DeploymentPlan } from '../plan/deployment.ts'
import type { DeployStep, WorkerChange } from '../plan/plan.ts'
import type { Wanted } from '../plan/wanted.ts'
import { sanitize } from '../ui/sanitize.ts'

/** The plan as the operator reads it: each stage with each Worker, and each difference. */
export function planLines(
  { environment, resources }: EnvironmentAccount,
  wanted: Wanted,
  plan: DeploymentPlan,
): string[] {
  const { account } = resources
  const changes = new Map(
    plan.steps.flatMap((step) => (step.kind === 'stage' ? step.workers : [])).map((one) => [one.worker, one]),
  )
  const shown = wanted.workers.filter(({ worker }) => changes.has(worker) || plan.unchanged.includes(worker))
  const workers = shown.flatMap(({ worker, stage }, i) => {
    const heading = shown[i - 1]?.stage === stage ? '' : `stage ${stage}`
    const change = changes.get(worker)
    const what = change ? outline(change) : kleur.dim('unchanged')
    const details = change && change.from ? change.changes : []
    return [
      `    ${heading.padEnd(9)}${worker.padEnd(15)} ${what}`,
      ...details.map((detail) => kleur.dim(`    ${''.padEnd(9)}  ${sanitize(detail)}`)),
    ]
  })
  return [
    `  ${kleur.bold(environment.name)} · ${environment.issuer} · account ${sanitize(account.name)} (${account.id.slice(0, 4)}…)`,
    '',
    '  Plan',
    ...plan.steps.flatMap((step) => besides(step)),
    ...workers,
    '',
  ]
}

function outline({ rollout, from, to, changes, uploaded }: WorkerChange): string {
  const release = from && from.release !== to.release ? `${from.release} → ${to.release}` : to.release
  switch (rollout) {
    case 'create':
      return `new  ${to.release}`
    case 'routes':
      return `routes (${changes.length})`
    case 'replace':
      return `${release}, with a Durable Object migration`
    case 'straight':
      return `${release}, all at once: its objects restart`
    default:
      return uploaded ? `${release}, uploaded already` : release
  }
}

function besides(step: DeployStep): string[] {
  if (step.kind === 'write-files') return [`    files    ${step.target}: ${step.files.length} to write`]
  if (step.kind === 'migrations') return [`    D1 ${step.target.padEnd(21)} apply ${step.files.join(', ')}`]
  return []
}

/** The name of a step on its line. */
export function stepLabel(step: DeployStep): string {
  if (step.kind === 'stage') return `stage ${step.stage} ${step.target}`
  return step.kind === 'migrations' ? 'migrations' : 'configuration files'
}

/** What to say at the end. */
export function doneLines(plan: DeploymentPlan, seconds: number): string[] {
  const changed = plan.steps.flatMap((step) => (step.kind === 'stage' ? step.workers : []))
  const back = changed.filter(({ rollout, from }) => from !== null && rollout !== 'routes').map(({ worker }) => worker)
  const last = back.toSorted((a, b) => workerTopology(b).stage - workerTopology(a).stage)[0]
  return [
    '',
    `  Deployed in ${seconds.toFixed(1)} s.${last ? ` Back out with  ${kleur.bold(`authrim rollback ${last}`)}${back.length > 1 ? '  (or --all)' : ''}.` : ''}`,
  ]
}
