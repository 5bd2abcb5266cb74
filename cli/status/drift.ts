import type { Observed } from '../cloudflare/observe.ts'
import { planDeployment } from '../plan/deployment.ts'
import type { Wanted } from '../plan/wanted.ts'
import type { WranglerFile } from '../project/wrangler-files.ts'

/** Something that is not as this package and authrim.json say. */
export interface Drift {
  /** A Worker, `database`, `account` or a file. */
  readonly where: string
  readonly difference: string
}

/** What the next deploy would change, and what would keep it from that: code, bindings, variables, routes, schema. */
export function driftOf(wanted: Wanted, observed: Observed, files: readonly WranglerFile[]): Drift[] {
  const { steps, problems } = planDeployment(wanted, observed, { only: [], files: [], force: false })
  return [
    ...steps.flatMap((step) => {
      if (step.kind === 'stage') {
        return step.workers.flatMap(({ worker, changes }) =>
          changes.map((difference) => ({ where: worker, difference })),
        )
      }
      if (step.kind === 'migrations')
        return step.files.map((file) => ({ where: 'database', difference: `+ migration ${file}` }))
      return []
    }),
    ...problems.map(({ message }) => ({ where: 'account', difference: message })),
    ...files
      .filter(({ state }) => state !== 'same')
      .map(({ path, state }) => ({ where: path, difference: state === 'edited' ? 'changed by hand' : state })),
  ]
}
