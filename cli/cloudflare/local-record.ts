import { existsSync, readdirSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { isLoopbackHost } from '../../shared/config/issuer.ts'
import { CliError } from '../error.ts'
import { readIfThere, writeSecretFile } from '../secret-file.ts'

const Record = v.object({
  apiBase: v.pipe(v.string(), v.check(isLoopbackApi, 'a loopback address with /client/v4')),
  edgeOrigin: v.string(),
  token: v.pipe(v.string(), v.regex(/^[\x21-\x7e]+$/)),
  pid: v.number(),
  data: v.string(),
  startedAt: v.string(),
})

/** An embedded Cloudflare that runs for this user: where it is, and the token that it takes. */
export type LocalCloudflare = v.InferOutput<typeof Record>

/** True for `http://<loopback>:<port>/client/v4`. */
export function isLoopbackApi(address: string): boolean {
  const url = URL.parse(address)
  return url !== null && /^https?:$/.test(url.protocol) && isLoopbackHost(url.hostname) && url.pathname === '/client/v4'
}

/** Leaves the address and token for this user's commands (0600). The function returned takes them away. */
export function recordLocalCloudflare(record: LocalCloudflare, env = process.env): () => void {
  const file = join(recordFolder(env), `${new URL(record.apiBase).port}.json`)
  writeSecretFile(file, `${JSON.stringify(record, undefined, 2)}\n`)
  return () => rmSync(file, { force: true })
}

/** The embedded Cloudflare at an API address, or the one that was started last; one that does not answer is none. */
export async function findLocalCloudflare(apiBase?: string, env = process.env): Promise<LocalCloudflare> {
  const records = readRecords(env)
    .filter((record) => apiBase === undefined || sameAddress(record.apiBase, apiBase))
    .toSorted((a, b) => b.startedAt.localeCompare(a.startedAt))
  for (const record of records) if (await answers(record)) return record
  throw new CliError(
    apiBase === undefined
      ? 'No local Cloudflare runs on this machine.'
      : `No local Cloudflare of this user answers at ${apiBase}.`,
    { code: 'no_local_cloudflare', hint: 'Start it in another terminal: authrim local' },
  )
}

function readRecords(env: NodeJS.ProcessEnv): LocalCloudflare[] {
  const folder = recordFolder(env)
  if (!existsSync(folder)) return []
  return readdirSync(folder).flatMap((name) => {
    try {
      return [v.parse(Record, JSON.parse(readIfThere(join(folder, name)) ?? ''))]
    } catch {
      // Half-written by a process that died, or of another release: as good as absent.
      return []
    }
  })
}

function recordFolder(env: NodeJS.ProcessEnv): string {
  const base =
    env['XDG_CONFIG_HOME'] ||
    (process.platform === 'win32' && env['APPDATA']) ||
    join(env['HOME'] || homedir(), '.config')
  return join(base, 'authrim', 'local-cloudflare')
}

function sameAddress(a: string, b: string): boolean {
  return new URL(a).port === new URL(b).port
}

async function answers({ apiBase, token }: LocalCloudflare): Promise<boolean> {
  try {
    const response = await fetch(`${apiBase}/user/tokens/verify`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(2000),
    })
    await response.body?.cancel()
    return response.ok
  } catch {
    return false
  }
}
