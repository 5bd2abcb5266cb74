import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { wranglerNodeFlags } from '../../cli/cloudflare/wrangler.ts'
import { type EmbeddedCloudflare, startEmbeddedCloudflare } from '../../cli/embedded-cloudflare/embedded-cloudflare.ts'
import type { EmbeddedCloudflareOptions } from '../../cli/embedded-cloudflare/embedded-options.ts'

/** An answer at the edge. */
interface EdgeAnswer {
  readonly status: number
  readonly text: string
}

/** What a run of wrangler left. */
interface WranglerRun {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** An answer of the API, in its envelope. */
interface ApiAnswer {
  readonly status: number
  readonly success: boolean
  readonly code: number | undefined
  readonly message: string
  // oxlint-disable-next-line typescript/no-explicit-any -- tests read any member of a result
  readonly result: any
}

export const account = 'a'.repeat(32)
export const otherAccount = 'b'.repeat(32)
export const zone = 'c'.repeat(32)

/** An embedded Cloudflare with an account and a zone, wrangler configured for it, and folders for Workers. */
export async function startAccount(options: Partial<EmbeddedCloudflareOptions> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'embedded-'))
  const messages: string[] = []
  const start = () =>
    startEmbeddedCloudflare({
      dataDir: join(folder, 'cloudflare'),
      addressFile: join(folder, 'address.json'),
      accounts: [
        { id: account, name: 'Example', subdomain: 'example' },
        { id: otherAccount, name: 'Other' },
      ],
      zones: [
        {
          id: zone,
          name: 'example.test',
          account,
          records: [{ type: 'AAAA', name: 'app.example.test', content: '100::', proxied: true }],
        },
        { id: 'd'.repeat(32), name: 'other.test', account: otherAccount },
      ],
      onMessage: (message) => messages.push(message),
      ...options,
    })
  let cloudflare: EmbeddedCloudflare = await start()

  const api = async (method: string, path: string, body?: unknown, token = cloudflare.token): Promise<ApiAnswer> => {
    const isJson = body !== undefined && !(body instanceof FormData) && typeof body !== 'string'
    const response = await fetch(`${cloudflare.apiBase}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(isJson && { 'content-type': 'application/json' }) },
      ...(body !== undefined && {
        body: body instanceof FormData || typeof body === 'string' ? body : JSON.stringify(body),
      }),
    })
    const text = await response.text()
    const answer = text.startsWith('{') ? JSON.parse(text) : { result: text }
    const [error] = answer.errors ?? []
    return {
      status: response.status,
      success: answer.success,
      code: error?.code,
      message: error?.message ?? '',
      result: answer.result,
    }
  }

  return {
    folder,
    messages,
    get cloudflare() {
      return cloudflare
    },
    api,
    /** Uploads a Worker with one module as wrangler does, and deploys it. */
    put: (name: string, code: string, metadata: object = {}) =>
      api('PUT', `/accounts/${account}/workers/scripts/${name}`, upload(code, metadata)),
    /** Uploads a version and deploys nothing. */
    version: (name: string, code: string, metadata: object = {}) =>
      api('POST', `/accounts/${account}/workers/scripts/${name}/versions`, upload(code, metadata)),
    deploy: (name: string, shares: Record<string, number>, query = '') =>
      api('POST', `/accounts/${account}/workers/scripts/${name}/deployments${query}`, {
        strategy: 'percentage',
        versions: Object.entries(shares).map(([version_id, percentage]) => ({ version_id, percentage })),
      }),
    /** Asks a Worker at the edge. */
    edge: (url: string, headers: Record<string, string> = {}) => edgeRequest(cloudflare.edgeOrigin, url, headers),
    /** Writes files below the folder. */
    write(files: Record<string, string>) {
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, name)), { recursive: true })
        writeFileSync(join(folder, name), text)
      }
    },
    /** Runs the real wrangler. */
    wrangler: (args: readonly string[], { cwd = '.', input = '' } = {}) =>
      runWrangler(args, {
        cwd: join(folder, cwd),
        input,
        env: {
          PATH: process.env['PATH'],
          NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
          CI: '1',
          NO_COLOR: '1',
          WRANGLER_SEND_METRICS: 'false',
          HOME: folder,
          XDG_CONFIG_HOME: join(folder, '.config'),
          CLOUDFLARE_API_BASE_URL: cloudflare.apiBase,
          CLOUDFLARE_API_TOKEN: cloudflare.token,
          CLOUDFLARE_ACCOUNT_ID: account,
        },
      }),
    async restart() {
      await cloudflare.dispose()
      cloudflare = await start()
    },
    async dispose() {
      await cloudflare.dispose()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export type EmbeddedAccount = Awaited<ReturnType<typeof startAccount>>

/** The multipart form of an upload. */
export function upload(code: string, metadata: object = {}): FormData {
  const form = new FormData()
  const base = {
    main_module: 'index.js',
    compatibility_date: '2026-11-01',
    bindings: [],
    keep_bindings: ['secret_text'],
  }
  form.set('metadata', JSON.stringify({ ...base, ...metadata }))
  form.set('index.js', new File([code], 'index.js', { type: 'application/javascript+module' }))
  return form
}

function edgeRequest(origin: string, url: string, headers: Record<string, string>): Promise<EdgeAnswer> {
  const { host, pathname, search } = new URL(url)
  const { hostname, port } = new URL(origin)
  return new Promise((done, reject) => {
    request({ hostname, port, path: `${pathname}${search}`, headers: { ...headers, host } }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => done({ status: response.statusCode ?? 0, text }))
    })
      .on('error', reject)
      .end()
  })
}

/** Starts wrangler; `running.kill` ends it. */
export function startWrangler(
  args: readonly string[],
  options: { cwd: string; env: NodeJS.ProcessEnv; input?: string },
) {
  const script = resolve(import.meta.dirname, '../../node_modules/wrangler/wrangler-dist/cli.js')
  const child = spawn(process.execPath, [...wranglerNodeFlags, script, ...args], {
    cwd: options.cwd,
    env: options.env,
  })
  const output = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output.out += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output.err += chunk))
  child.stdin.end(options.input ?? '')
  const ended = new Promise<WranglerRun>((done, reject) => {
    child.once('error', reject)
    child.once('close', (code) => done({ code, ...output }))
  })
  return { output, ended, kill: (signal: NodeJS.Signals) => child.kill(signal) }
}

async function runWrangler(args: readonly string[], options: { cwd: string; env: NodeJS.ProcessEnv; input: string }) {
  return startWrangler(args, options).ended
}
