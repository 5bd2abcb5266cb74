import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { authrimPackage } from '../../cli/bundle/package-root.ts'
import { freePort } from '../../cli/embedded-cloudflare/listener.ts'
import { publishedWorkers } from '../../shared/topology.ts'
import { type Installed, oldNode, packAndInstall, result } from './packed.ts'
import { rehearsal } from './rehearsal.ts'

const { root, version } = authrimPackage()
const old = await oldNode()

describe('the package as npm gives it to an operator', () => {
  let installed: Installed
  beforeAll(async () => {
    installed = await packAndInstall()
  }, 120_000)
  afterAll(() => installed?.[Symbol.dispose]())

  const authrim = (...args: string[]) => result('npx', ['authrim', ...args], installed.folder)

  test('has the bundles and templates, and no sources, tests or secrets', () => {
    console.log(`authrim-${version}.tgz: ${(installed.size / 1024).toFixed(0)} KiB, ${installed.files.length} files`)
    const bundles = publishedWorkers.map((name) => `dist/workers/${name}.js`)
    expect(installed.files).toEqual(
      expect.arrayContaining([
        ...bundles,
        'dist/workers/manifest.json',
        'dist/cli/main.js',
        'bin/authrim.js',
        'templates/migrations/0001_people_and_clients.sql',
        'README.md',
        'LICENSE',
      ]),
    )
    const allowed = /^(?:bin|dist|templates)\/|^(?:package\.json|README\.md|CHANGELOG\.md|LICENSE)$/
    expect(installed.files.filter((path) => !allowed.test(path))).toEqual([])
    expect(installed.files.filter((path) => /\.tsx?$|\.map$|\.test\.|\.env|\.pem|\.authrim/.test(path))).toEqual([])
  })

  test('has nothing of this machine in it', () => {
    for (const path of installed.files.filter((each) => each.startsWith('dist/'))) {
      const text = readFileSync(join(installed.folder, 'node_modules/authrim', path), 'utf8')
      expect(text, path).not.toContain(root)
    }
  })

  test('has the bytes that were built', () => {
    for (const name of publishedWorkers) {
      const path = `dist/workers/${name}.js`
      const packed = readFileSync(join(installed.folder, 'node_modules/authrim', path))
      expect(packed.equals(readFileSync(join(root, path))), path).toBe(true)
    }
  })

  test('npx authrim --help tells what there is', async () => {
    const { status, stdout, stderr } = await authrim('--help')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain('Usage: authrim')
  })

  test('npx authrim --version names what it runs on', async () => {
    const { status, stdout } = await authrim('--version')
    expect(status).toBe(0)
    expect(stdout).toContain(version)
  })

  test('npx authrim build verifies what was shipped, and builds nothing', async () => {
    const { status, stdout } = await authrim('build', '--json')
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ from: 'shipped', release: version })
  })

  test('fault F18 npx authrim dev serves what was shipped, and Ctrl-C ends all of it, twice as well', async () => {
    const port = await freePort()
    const dev = ['authrim', 'dev', '--no-demo', '--port', String(port)]
    const env = { ...process.env, XDG_CONFIG_HOME: join(installed.folder, '..', 'config') }
    const child = spawn('npx', dev, { cwd: installed.folder, env, stdio: 'ignore', detached: true })
    const issuer = `http://localhost:${port}`
    try {
      const answer = await served(`${issuer}/.well-known/openid-configuration`)
      expect(await answer.json()).toMatchObject({ issuer })
      const planned = await result('npx', ['authrim', 'deploy', '--dry-run', '--json'], installed.folder, env)
      expect(JSON.parse(planned.stdout)).toMatchObject({ deployment: { changed: false } })
    } finally {
      await interrupted(child)
    }
    await expect(fetch(issuer)).rejects.toThrow('fetch failed')
    // The lock is given back: it starts again.
    const again = spawn('npx', dev, { cwd: installed.folder, env, stdio: 'ignore', detached: true })
    try {
      await served(`${issuer}/.well-known/jwks.json`)
    } finally {
      await interrupted(again)
    }
  })

  rehearsal(() => installed)

  test.skipIf(!old)(`on Node ${old?.version ?? '20 (this machine has none)'} it says which Node it needs`, async () => {
    const bin = join(installed.folder, 'node_modules/authrim/bin/authrim.js')
    expect(existsSync(bin)).toBe(true)
    expect(await result(old?.path ?? '', [bin, '--help'], installed.folder)).toEqual({
      status: 2,
      stdout: '',
      stderr: `authrim needs Node.js 22.12 or newer; this is ${old?.version}.\n`,
    })
  })
})

/** The answer at an address once there is one: the edge listens before the Workers are deployed to it. */
function served(url: string): Promise<Response> {
  return vi.waitFor(
    async () => {
      const answer = await fetch(url)
      if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`)
      return answer
    },
    { timeout: 30_000, interval: 100 },
  )
}

/** Ctrl-C, twice, for the command and what npx put around it. */
async function interrupted(child: ChildProcess): Promise<void> {
  const exit = new Promise((resolve) => child.once('exit', resolve))
  if (child.pid === undefined || child.exitCode !== null) return
  process.kill(-child.pid, 'SIGINT')
  await new Promise((resolve) => setTimeout(resolve, 50))
  try {
    process.kill(-child.pid, 'SIGINT')
  } catch {
    // The first was enough.
  }
  await exit
}
