/** What is checked on this machine: tools, package, project files, the operator's key. */
import { chmodSync, statSync } from 'node:fs'
import { workerNames } from '../../shared/topology.ts'
import { operatorKeyFile } from '../admin/operator-key.ts'
import { readBundle } from '../bundle/manifest.ts'
import type { EnvironmentAccount } from '../cloudflare/environment-account.ts'
import { gitignoreText } from '../init/project-texts.ts'
import { readProjectFile, writeProjectFile } from '../project/project-file.ts'
import { wranglerFiles, writeWranglerFiles } from '../project/wrangler-files.ts'
import { dependencyVersion } from '../version.ts'
import { examined, type Finding, ill, well } from './finding.ts'

const OLDEST_NODE = [22, 12] as const

export async function examineMachine(at: EnvironmentAccount): Promise<Finding[]> {
  return [
    nodeVersion(process.versions.node),
    wranglerVersion(dependencyVersion('wrangler')),
    ...(await examined('package', () => publishedBundles(), 'Install it again: npm ci')),
    projectFiles(at),
    ignoredFiles(at.located.root),
    operatorKeyIsPrivate(operatorKeyFile(at.located.folder)),
  ]
}

export function nodeVersion(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldest, oldestMinor] = OLDEST_NODE
  const recent = major > oldest || (major === oldest && minor >= oldestMinor)
  return recent
    ? well('node', `Node ${version}`)
    : ill('node', `Node ${version} is too old`, `Install Node ${OLDEST_NODE.join('.')} or newer: https://nodejs.org`)
}

export function wranglerVersion(version: string | undefined): Finding {
  if (version === undefined) return ill('wrangler', 'wrangler is not installed', 'Install it with authrim: npm ci')
  return version.startsWith('4.')
    ? well('wrangler', `wrangler ${version}`)
    : ill('wrangler', `wrangler ${version} is not of the series 4 that authrim is tested with`, 'npm ci')
}

/** Every bundle is read and its hash compared with the published one. */
function publishedBundles(): Finding {
  const releases = workerNames.map((worker) => readBundle(worker))
  return well('package', `${releases.length} Workers as they were published`)
}

function projectFiles({ located, environment, resources }: EnvironmentAccount): Finding {
  const files = wranglerFiles(located.root, environment, resources)
  const edited = files.filter(({ state }) => state === 'edited')
  if (edited.length > 0) {
    const names = edited.map(({ path }) => path).join(', ')
    return ill(
      'project files',
      `changed by hand: ${names}`,
      'Put the change into authrim.json, then: authrim deploy --force',
    )
  }
  const stale = files.filter(({ state }) => state !== 'same')
  if (stale.length === 0) return well('project files', `${files.length} wrangler.toml files as authrim.json says`)
  const names = stale.map(({ path, state }) => `${path} is ${state}`).join(', ')
  return ill('project files', names, 'authrim deploy writes them', () => writeWranglerFiles(located.root, stale))
}

function ignoredFiles(root: string): Finding {
  const missing = gitignoreText(readProjectFile(root, '.gitignore'))
  if (missing === undefined) return well('gitignore', 'secrets and caches stay out of the repository')
  return ill('gitignore', '.gitignore does not name .authrim/, where the operator’s key is', 'Add it', () =>
    writeProjectFile(root, '.gitignore', missing),
  )
}

function operatorKeyIsPrivate(path: string): Finding {
  const name = 'operator key file'
  if (process.env['AUTHRIM_OPERATOR_KEY']) return well(name, 'the key comes from AUTHRIM_OPERATOR_KEY')
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat) return ill(name, `${path} is missing`, 'Put the key there, or into AUTHRIM_OPERATOR_KEY')
  if (process.platform === 'win32' || (stat.mode & 0o077) === 0) return well(name, 'only this user may read it')
  return ill(name, `others on this machine may read ${path}`, `chmod 600 ${path}`, () => chmodSync(path, 0o600))
}
