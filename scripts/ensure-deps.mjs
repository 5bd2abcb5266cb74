// Installs the dependencies when they are missing or not those of the lockfile. Runs before `npm start` and `npm test`
// on whatever Node the machine has (20 is enough), so this file is plain JavaScript without dependencies.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Packages by path, as a lockfile lists them; undefined when the file is missing or broken. */
function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), 'utf8')).packages
  } catch {
    return undefined
  }
}

/** True when every package of the lockfile is installed in its version; optional ones may be absent. */
function isInstalled() {
  if (existsSync(join(root, 'node_modules/.pnpm'))) return true // pnpm installed them and keeps its own lockfile
  const wanted = packagesOf('package-lock.json') ?? {}
  const installed = packagesOf('node_modules/.package-lock.json')
  if (installed === undefined) return false
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true
    const found = installed[path]
    return found ? found.version === entry.version : entry.optional === true || entry.devOptional === true
  })
}

if (!isInstalled()) {
  console.error('Installing dependencies, once. This takes about half a minute.')
  const npm = process.env.npm_execpath
  const [command, first] = npm && basename(npm) === 'npm-cli.js' ? [process.execPath, [npm]] : ['npm', []]
  // A download that stalls is begun again after half a minute; by itself npm would wait for five.
  const patience = ['--fetch-timeout=30000', '--fetch-retries=5', '--prefer-offline']
  const options = ['--no-audit', '--no-fund', '--loglevel=error', ...patience]
  const { status, error } = spawnSync(command, [...first, 'ci', ...options], {
    cwd: root,
    // npm's own summary line says nothing a newcomer needs; its errors do.
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32' && command === 'npm',
  })
  if (error) console.error(`npm could not be started: ${error.message}`)
  if (status !== 0) {
    console.error('The dependencies could not be installed. `npm ci` shows the whole output.')
    process.exit(1)
  }
}
