import type { WorkerOutcome } from '../apply/stage-context.ts'
import type { Observed } from '../cloudflare/observe.ts'
import type { DeploymentPlan } from '../plan/deployment.ts'

/** The document of a deploy: what was done, what would be, and what was as it should be. */
export function answerOf(
  plan: DeploymentPlan,
  observed: Observed,
  steps: readonly object[],
  done: readonly WorkerOutcome[],
) {
  const changes = plan.steps.flatMap((step) => (step.kind === 'stage' ? step.workers : []))
  const waiting = changes.filter(({ worker }) => !done.some((outcome) => outcome.worker === worker))
  return {
    deployment: {
      environment: plan.environment,
      changed: plan.steps.length > 0,
      steps,
      workers: [
        ...done,
        ...waiting.map(({ worker, from, to, uploaded, changes }) => ({
          worker,
          from: from?.release ?? null,
          to: to.release,
          versionId: uploaded,
          share: 0,
          checks: [],
          changes,
        })),
        ...plan.unchanged.map((worker) => {
          const live = observed.workers.find((found) => found.worker === worker)?.live[0]
          return { worker, from: plan.release, to: plan.release, versionId: live?.id ?? null, share: 100, checks: [] }
        }),
      ],
    },
  }
}
