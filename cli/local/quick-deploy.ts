import { join } from 'node:path'
import type { WorkerName } from '../../shared/topology.ts'
import { GateLogin } from '../apply/gate-login.ts'
import { Interruption } from '../apply/interruption.ts'
import { deployStage } from '../apply/stage.ts'
import { authrimPackage } from '../bundle/package-root.ts'
import { digestOf } from '../bundle/worker-bundle.ts'
import type { EnvironmentAccount } from '../cloudflare/environment-account.ts'
import { observe } from '../cloudflare/observe.ts'
import type { EmbeddedCloudflare } from '../embedded-cloudflare/embedded-cloudflare.ts'
import { applyMigrations } from '../embedded-cloudflare/migrations.ts'
import { planDeployment } from '../plan/deployment.ts'
import { readWanted } from '../plan/wanted.ts'
import type { Resources } from '../project/resources-file.ts'
import { quickUpload } from './quick-upload.ts'
import type { Scripts } from './workers.ts'

/**
 * Deploys to an embedded Cloudflare, stage by stage and without checks, the Workers whose code or bindings differ from
 * what serves.
 */
export async function quickDeploy(at: EnvironmentAccount, scripts: Scripts): Promise<void> {
  const { account, environment, resources } = at
  const code = (worker: WorkerName) => scripts.get(worker) ?? ''
  const digest = (worker: WorkerName) => digestOf(code(worker))
  const wanted = readWanted(environment, resources, digest)
  const observed = await observe(account, {
    scripts: wanted.workers.map(({ worker, script, tag }) => ({ worker, script, tag })),
    zoneId: resources.zone?.id,
    host: new URL(environment.issuer).hostname,
    // Its migrations are applied once workerd runs: asking for them would start it twice.
    databaseId: '',
  })
  const { steps } = planDeployment(wanted, observed, { only: [], files: [], force: true })
  using interruption = new Interruption(() => undefined)
  const deployed = new Set(observed.workers.map(({ worker }) => worker))
  const login = new GateLogin(at.edge, at.located.folder, undefined)
  for (const step of steps) {
    if (step.kind !== 'stage') continue
    await deployStage(step, {
      at,
      options: { message: 'authrim dev', shares: [100], interval: 0, healthCheck: false },
      interruption,
      login,
      deployed,
      upload: (change) => {
        const one = wanted.workers.find(({ worker }) => worker === change.worker)
        if (!one) throw new Error(`${change.worker} is not wanted`)
        return quickUpload(at, change, one, code(change.worker))
      },
      renew: () => Promise.resolve(),
    })
  }
}

/** Applies the migrations that its database lacks, once the Workers run. */
export async function quickMigrate(cloudflare: EmbeddedCloudflare, { database }: Resources): Promise<void> {
  await applyMigrations(cloudflare.database(database.id), join(authrimPackage().root, 'templates/migrations'))
}
