import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import * as v from 'valibot'
import { authrimPackage } from '../../cli/bundle/package-root.ts'

const run = promisify(execFile)
const { root } = authrimPackage()

/** What `npm pack --json` says: a list, or since npm 12 one member for each package. */
const Packed = v.pipe(
  v.unknown(),
  v.transform((json) => (typeof json === 'object' && json !== null ? Object.values(json)[0] : undefined)),
  v.object({ filename: v.string(), size: v.number(), files: v.array(v.object({ path: v.string() })) }),
)

/** The published package, and a project in an empty folder that installed it. */
export interface Installed extends Disposable {
  /** The operator's project. */
  readonly folder: string
  readonly files: readonly string[]
  /** Bytes of the tarball. */
  readonly size: number
}

/** Packs what is built and installs it, as an operator does. */
export async function packAndInstall(): Promise<Installed> {
  if (!existsSync(join(root, 'dist/cli/main.js'))) throw new Error('nothing is built: npm run build')
  const temporary = mkdtempSync(join(tmpdir(), 'authrim-package-'))
  const folder = join(temporary, 'my-idp')
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{ "name": "my-idp", "private": true }\n')
  // Without scripts, since building again would change dist under the feet of other tests.
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', temporary]
  const { stdout } = await run('npm', pack, { cwd: root, maxBuffer: 1 << 24 })
  const { filename, files, size } = v.parse(Packed, JSON.parse(stdout))
  const install = ['install', join(temporary, filename), '--prefer-offline', '--no-audit', '--no-fund']
  await run('npm', install, { cwd: folder })
  return {
    folder,
    files: files.map(({ path }) => path),
    size,
    [Symbol.dispose]: () => rmSync(temporary, { recursive: true, force: true }),
  }
}

export interface Result {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end, whatever its exit status. */
export async function result(
  program: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Promise<Result> {
  try {
    return { status: 0, ...(await run(program, [...args], { cwd, env: { ...process.env, NO_COLOR: '1', ...env } })) }
  } catch (error) {
    const { code, stdout, stderr } = v.parse(Failure, error)
    return { status: code, stdout, stderr }
  }
}

const Failure = v.object({ code: v.number(), stdout: v.string(), stderr: v.string() })

/** A Node on this machine that is older than authrim allows, with its version; undefined if there is none. */
export async function oldNode(): Promise<{ path: string; version: string } | undefined> {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((each) => !each.includes('node_modules'))
  for (const path of folders.map((each) => join(each, 'node')).filter((each) => existsSync(each))) {
    const { stdout } = await run(path, ['--version'])
    const version = stdout.trim().slice(1)
    const [major = 0, minor = 0] = version.split('.').map(Number)
    if (major < 22 || (major === 22 && minor < 12)) return { path, version }
  }
  return undefined
}
