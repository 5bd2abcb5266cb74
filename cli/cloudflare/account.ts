import { CliError, exitStatus, usageError } from '../error.ts'
import { findLocalCloudflare, isLoopbackApi } from './local-cloudflare.ts'
import { runWrangler } from './wrangler.ts'

/** How this process may call Cloudflare. */
export interface CloudflareAccess {
  /** With `/client/v4`. */
  readonly apiBase: string
  readonly token: string
  /** `local`: the embedded Cloudflare of this machine. */
  readonly source: 'token' | 'login' | 'local'
  /** Where the edge of an embedded Cloudflare listens. */
  readonly edgeOrigin?: string
}

const CLOUDFLARE_API = 'https://api.cloudflare.com/client/v4'

/**
 * Credentials for an environment. A local one uses the embedded Cloudflare and never the operator's token; so does any
 * environment under AUTHRIM_CLOUDFLARE_API, since whoever listens there must not get that token.
 */
export async function cloudflareAccess(local: boolean, env = process.env, issuer?: string): Promise<CloudflareAccess> {
  const override = env['AUTHRIM_CLOUDFLARE_API']
  if (override && !isLoopbackApi(override)) {
    throw usageError(
      `AUTHRIM_CLOUDFLARE_API is ${override}, which is not on this machine.`,
      'It may only be http://127.0.0.1:<port>/client/v4 or http://localhost:<port>/client/v4.',
    )
  }
  if (local || override) {
    const { apiBase, edgeOrigin, token } = await findLocalCloudflare(override, env, issuer)
    return { apiBase, edgeOrigin, token, source: 'local' }
  }
  const token = env['CLOUDFLARE_API_TOKEN']?.trim()
  if (token) return { apiBase: CLOUDFLARE_API, token, source: 'token' }
  const login = await wranglerLogin(env)
  if (login !== undefined) return { apiBase: CLOUDFLARE_API, token: login, source: 'login' }
  throw new CliError('There are no Cloudflare credentials.', {
    code: 'no_credentials',
    exitCode: exitStatus.notAuthorised,
    hint: 'Set CLOUDFLARE_API_TOKEN (make one at https://dash.cloudflare.com/profile/api-tokens), or run: npx wrangler login\nWithout an account: authrim init --local',
  })
}

/** The token of `wrangler login`, renewed where it has expired. */
async function wranglerLogin(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const { status, stdout } = await runWrangler(['auth', 'token', '--json'], { ownHome: false, env })
  if (status !== 0) return undefined
  try {
    const answer: unknown = JSON.parse(stdout)
    if (typeof answer !== 'object' || answer === null || !('token' in answer)) return undefined
    return typeof answer.token === 'string' ? answer.token : undefined
  } catch {
    return undefined
  }
}
