import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import * as v from 'valibot'
import { authrimPackage } from '../bundle/package-root.ts'
import { CliError, exitStatus, usageError } from '../error.ts'
import { dependencyVersion } from '../version.ts'
import type { CloudflareAccess } from './account.ts'
import { isForbidden } from './failure.ts'
import { passFile } from './passed-file.ts'
import { permissions, tokenPage } from './permissions.ts'

export interface WranglerOptions {
  readonly access?: CloudflareAccess
  readonly accountId?: string
  readonly cwd?: string
  /** False for the operator's own `wrangler login`; otherwise wrangler sees no settings but ours. */
  readonly ownHome?: boolean
  readonly env?: NodeJS.ProcessEnv
  /** Secrets to set with the version that is uploaded. */
  readonly secrets?: Readonly<Record<string, string>>
}

export interface WranglerOutcome {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
  /** The records of its structured output file. */
  readonly records: readonly WranglerRecord[]
}

const OutputRecord = v.looseObject({
  type: v.string(),
  version_id: v.exactOptional(v.nullable(v.string())),
  code: v.exactOptional(v.unknown()),
  message: v.exactOptional(v.string()),
})

type WranglerRecord = v.InferOutput<typeof OutputRecord>

const TIMEOUT = 180_000
/** Node's flags for it: loading wrangler fills a small young generation often enough to cost a sixth of its start. */
export const wranglerNodeFlags = ['--no-warnings', '--min-semi-space-size=64']
/** What wrangler needs of our environment: the proxy, certificates and where programs are. */
const PASSED_ON = [
  'PATH',
  'SystemRoot',
  'TEMP',
  'TMP',
  'TMPDIR',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'NODE_EXTRA_CA_CERTS',
]

/** Runs the installed wrangler without a shell. The token is in its environment, never in its arguments. */
export async function runWrangler(args: readonly string[], options: WranglerOptions = {}): Promise<WranglerOutcome> {
  const script = wranglerScript()
  const { access, accountId, cwd, ownHome = true, env = process.env, secrets } = options
  // Its logs, caches and output file stay here, whatever becomes of it.
  const folder = mkdtempSync(join(tmpdir(), 'authrim-wrangler-'))
  const output = join(folder, 'output.ndjson')
  using passed = secrets && passFile(JSON.stringify(secrets))
  const secretArguments = passed ? ['--secrets-file', passed.path] : []
  try {
    const settings = {
      ...pick(env, PASSED_ON),
      ...(ownHome
        ? { HOME: folder, XDG_CONFIG_HOME: folder }
        : pick(env, ['HOME', 'XDG_CONFIG_HOME', 'APPDATA', 'USERPROFILE'])),
      ...(access && { CLOUDFLARE_API_BASE_URL: access.apiBase, CLOUDFLARE_API_TOKEN: access.token }),
      ...(accountId !== undefined && { CLOUDFLARE_ACCOUNT_ID: accountId }),
      // A quarter of its start is compiling itself.
      NODE_COMPILE_CACHE: join(tmpdir(), `authrim-compile-cache-${process.getuid?.() ?? ''}`),
      CI: '1',
      NO_COLOR: '1',
      WRANGLER_SEND_METRICS: 'false',
      WRANGLER_HIDE_BANNER: 'true',
      WRANGLER_LOG_PATH: folder,
      WRANGLER_OUTPUT_FILE_PATH: output,
    }
    const command = [...wranglerNodeFlags, script, ...args, ...secretArguments]
    const { status, stdout, stderr } = await run(command, cwd ?? folder, settings, passed?.descriptor)
    return { status, stdout, stderr, records: readRecords(output) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function run(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv, descriptor: number | undefined) {
  return new Promise<{ status: number; stdout: string; stderr: string }>((resolve, reject) => {
    // A group of its own: Ctrl-C stops us between steps, and not wrangler within one.
    const child = spawn(process.execPath, args, {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe', ...(descriptor === undefined ? [] : [descriptor])],
      detached: process.platform !== 'win32',
      timeout: TIMEOUT,
    })
    let stdout = ''
    let stderr = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.once('error', reject)
    child.once('close', (status) => resolve({ status: status ?? 1, stdout, stderr }))
  })
}

/** The script of the very wrangler that this release was made with; its requests are known. */
function wranglerScript(): string {
  const installed = dependencyVersion('wrangler')
  const { root } = authrimPackage()
  const wanted = wantedVersion(root)
  if (installed === undefined || (wanted !== undefined && installed !== wanted)) {
    throw usageError(
      installed === undefined ? 'wrangler is not installed.' : `wrangler is ${installed}; authrim needs ${wanted}.`,
      'Install the packages again: npm ci',
    )
  }
  const manifest = createRequire(join(root, 'package.json')).resolve('wrangler/package.json')
  const script = join(dirname(manifest), 'wrangler-dist', 'cli.js')
  if (!existsSync(script))
    throw usageError('wrangler is not installed completely.', 'Install the packages again: npm ci')
  return script
}

const Manifest = v.object({ dependencies: v.object({ wrangler: v.string() }) })

function wantedVersion(root: string): string | undefined {
  const manifest = v.safeParse(Manifest, JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')))
  return manifest.success ? manifest.output.dependencies.wrangler : undefined
}

function readRecords(path: string): WranglerRecord[] {
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return [v.parse(OutputRecord, JSON.parse(line))]
      } catch {
        return []
      }
    })
}

function pick(env: NodeJS.ProcessEnv, names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => names.some((wanted) => wanted.toLowerCase() === name.toLowerCase())),
  )
}

/**
 * What wrangler failed with, in its own words: its error lines without the decoration.
 * @param group the permission that what it did needs.
 */
export function wranglerFailure(what: string, { stderr, stdout }: WranglerOutcome, group: string): CliError {
  const text = [...stderr.split('\n'), ...stdout.split('\n')]
    .map((line) => line.replace(/^\s*(✘|X)?\s*\[ERROR\]\s*/, '').trim())
    .filter((line) => line !== '' && !/Logs were written|report an issue|github\.com|^🪵|^─+$|wrangler \d/.test(line))
  const code = /\[code: (\d+)\]/.exec(text.join('\n'))?.[1]
  const message = `${what} failed: ${text.slice(0, 6).join('\n')}`
  if (code !== undefined && isForbidden(Number(code))) return forbidden(message, Number(code), group)
  return new CliError(message, {
    code: 'wrangler',
    hint: 'Run the command again; --verbose shows the requests.',
    details: { ...(code !== undefined && { cloudflareCode: Number(code) }) },
  })
}

function forbidden(message: string, cloudflareCode: number, group: string): CliError {
  const permission = permissions.find((one) => one.group === group)?.name ?? group
  return new CliError(message, {
    code: 'not_authorised',
    exitCode: exitStatus.notAuthorised,
    hint: `The token lacks the permission ${permission}. Add it at ${tokenPage}, and run the command again.`,
    details: { cloudflareCode, permission },
  })
}
