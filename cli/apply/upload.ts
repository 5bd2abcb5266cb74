import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { stringify } from 'smol-toml'
import type { WorkerName } from '../../shared/topology.ts'
import { readBundle } from '../bundle/manifest.ts'
import { authrimPackage } from '../bundle/package-root.ts'
import { bundleFailure } from '../bundle-failure.ts'
import type { EnvironmentAccount } from '../cloudflare/environment-account.ts'
import { runWrangler, wranglerFailure } from '../cloudflare/wrangler.ts'
import { CliError } from '../error.ts'
import type { WorkerChange } from '../plan/plan.ts'
import { forRendering } from '../project/resources-file.ts'
import { wranglerTable } from '../render/wrangler-toml.ts'
import { writeSecretFile } from '../secret-file.ts'

/**
 * Lays out what wrangler is given: the bundle that was verified, byte for byte, and a configuration that says the same
 * as the environment's wrangler.toml without routes, which are changed on their own.
 */
export function stageWorker({ located, environment, resources }: EnvironmentAccount, worker: WorkerName): string {
  const folder = join(located.folder, 'deploy', worker)
  const migrations = join(authrimPackage().root, 'templates/migrations')
  const { routes: _routes, ...table } = wranglerTable(worker, environment, forRendering(resources), {
    bundles: '.',
    migrations,
  })
  writeSecretFile(join(folder, `${worker}.js`), bundleOf(worker))
  const config = join(folder, 'wrangler.toml')
  writeSecretFile(config, stringify(table))
  return config
}

/** Uploads a version with wrangler and returns its id. With `create` and `replace` it serves at once. */
export async function uploadWorker(at: EnvironmentAccount, change: WorkerChange, message: string): Promise<string> {
  const { worker, script, rollout, to, secrets } = change
  const command = rollout === 'create' || rollout === 'replace' ? ['deploy'] : ['versions', 'upload']
  const config = stageWorker(at, worker)
  const outcome = await runWrangler([...command, '--config', config, '--tag', to.tag, '--message', message], {
    access: at.account.access,
    accountId: at.account.id,
    ...(secrets.length > 0 && { secrets: newSecrets(secrets) }),
  })
  const versionId = outcome.records.find(({ version_id }) => typeof version_id === 'string')?.version_id
  if (outcome.status !== 0) throw wranglerFailure(`Uploading ${worker}`, outcome, 'Workers Scripts Write')
  if (typeof versionId !== 'string') {
    throw new CliError(`Uploading ${worker}: wrangler did not say which version it made of ${script}.`, {
      code: 'wrangler',
      hint: 'Run the command again; it finds the version if there is one.',
    })
  }
  return versionId
}

/** Applies the D1 migrations that are missing; each is one transaction with its entry in d1_migrations. */
export async function applyMigrations(at: EnvironmentAccount, database: string): Promise<void> {
  const config = stageWorker(at, 'op-management')
  const outcome = await runWrangler(['d1', 'migrations', 'apply', database, '--remote', '--config', config], {
    access: at.account.access,
    accountId: at.account.id,
  })
  if (outcome.status !== 0) throw wranglerFailure('Migrating the database', outcome, 'D1 Write')
}

/** Secrets that do not exist yet; a variable of the name brings back one that an account has lost. */
function newSecrets(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, process.env[name] || randomBytes(32).toString('base64url')]))
}

function bundleOf(worker: WorkerName): Uint8Array {
  try {
    return readBundle(worker).code
  } catch (error) {
    return bundleFailure(error)
  }
}
