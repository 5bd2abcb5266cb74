import { scriptName } from '../../shared/config.ts'
import type { WorkerName } from '../../shared/topology.ts'
import { openEnvironmentAccount } from '../cloudflare/environment-account.ts'
import { listDeployments, listVersions as readVersions } from '../cloudflare/scripts.ts'
import type { Context } from '../context.ts'
import { releaseOf } from '../plan/deployment.ts'
import { shortTime } from '../ui/report.ts'

/** `authrim versions`: what was uploaded of each Worker, newest first, with its share of traffic. */
export async function listVersions(ctx: Context, workers: readonly WorkerName[]): Promise<void> {
  const { account, environment } = await openEnvironmentAccount(ctx)
  const rows = await Promise.all(
    workers.map(async (worker) => {
      const script = scriptName(environment.name, worker)
      const [versions, deployments] = await Promise.all([
        readVersions(account, script),
        listDeployments(account, script),
      ])
      const shares = new Map(deployments?.[0]?.versions.map(({ id, percentage }) => [id, percentage]))
      return versions.map((version) => ({
        worker,
        versionId: version.id,
        release: releaseOf(version),
        share: shares.get(version.id) ?? null,
        createdAt: version.createdOn,
        message: version.message,
      }))
    }),
  )
  const versions = rows.flat()
  ctx.report.list(
    { versions, nextCursor: null },
    versions,
    [
      { title: 'worker', value: ({ worker }) => worker },
      { title: 'version', value: ({ versionId }) => versionId },
      { title: 'release', value: ({ release }) => release },
      { title: 'share', value: ({ share }) => (share === null ? undefined : `${share} %`) },
      { title: 'uploaded', value: ({ createdAt }) => shortTime(createdAt) },
      { title: 'message', value: ({ message }) => message },
    ],
    'Nothing is deployed yet: authrim deploy',
  )
}
