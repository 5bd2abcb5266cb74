import { ApiError } from '../api/api-error.ts'
import type { Account } from '../state/account.ts'
import { secretsOf } from '../state/binding.ts'
import { newUuid } from '../state/identifier.ts'
import { type Deployment, type Script, servedVersions, type Version } from '../state/script.ts'
import { checkTargets } from './bindings.ts'
import { exportedClasses } from './migrations.ts'

/** Puts versions into effect, if Cloudflare would. */
export function deploy(
  account: Account,
  script: Script,
  shares: readonly { version_id: string; percentage: number }[],
  { force, annotations }: { force: boolean; annotations: Record<string, string> },
): Deployment {
  const versions = shares.map(({ version_id: id }) => {
    const version = script.versions.find((candidate) => candidate.id === id)
    if (!version) throw new ApiError(404, 100146, `Version ${id} was not found.`)
    return version
  })
  checkShares(shares)
  for (const version of versions) checkDeployable(account, script, version)
  const [only] = versions
  if (only && versions.length === 1 && !force) refuseChangedSecrets(script, only)
  for (const { exports } of versions) if (exports) script.classes = exportedClasses(exports, script.classes)
  const deployment: Deployment = {
    id: newUuid(),
    createdOn: new Date().toISOString(),
    source: 'wrangler',
    annotations: { 'workers/triggered_by': 'deployment', ...annotations },
    versions: shares.map(({ version_id, percentage }) => ({ version_id, percentage })),
  }
  script.deployments.unshift(deployment)
  script.modifiedOn = deployment.createdOn
  return deployment
}

function checkShares(shares: readonly { version_id: string; percentage: number }[]): void {
  const total = shares.reduce((sum, { percentage }) => sum + percentage, 0)
  if (shares.length === 0 || shares.length > 2) {
    throw new ApiError(400, 10207, 'A deployment must have one or two versions.')
  }
  if (new Set(shares.map(({ version_id: id }) => id)).size < shares.length) {
    throw new ApiError(400, 10207, 'A deployment cannot have one version twice.')
  }
  if (Math.abs(total - 100) > 0.001 || shares.some(({ percentage }) => percentage < 0)) {
    throw new ApiError(400, 10207, `The percentages of a deployment must add up to 100, not ${total}.`)
  }
}

function checkDeployable(account: Account, script: Script, version: Version): void {
  const lacking = Object.keys(script.classes).filter((className) => !version.objectClasses.includes(className))
  if (lacking.length > 0) {
    throw new ApiError(
      400,
      10220,
      `Version ${version.id} cannot be deployed: it does not export the Durable Object class ${lacking.join(', ')} that a later migration created.`,
    )
  }
  checkTargets(version.bindings, account, {
    name: script.name,
    classes: [...Object.keys(script.classes), ...Object.keys(version.exports ?? {})],
  })
}

/** Going back to a version whose secrets differ from those in effect must be confirmed. */
function refuseChangedSecrets(script: Script, target: Version): void {
  const current = servedVersions(script)[0]?.version
  if (!current || target.number >= current.number) return
  const [now, then] = [secretsOf(current.bindings), secretsOf(target.bindings)]
  const changed = [...new Set([...now.keys(), ...then.keys()])].filter((name) => now.get(name) !== then.get(name))
  if (changed.length === 0) return
  throw new ApiError(
    400,
    10220,
    `The secrets of this Worker have changed since version ${target.id} was deployed. The following secrets have changed: ${changed.join(', ')}`,
  )
}
