import type { OAuthError } from '../protocol/error.ts'
import type { WorkerContext } from './context.ts'

/** An error as JSON (RFC 6749 §5.2), never cached. */
export function errorResponse<Deps>(
  c: WorkerContext<Deps>,
  error: OAuthError,
  status: OAuthError['status'] = error.status,
): Response {
  if (error.retryAfter !== undefined) c.header('retry-after', String(error.retryAfter))
  if (error.code === 'invalid_client' && /^basic/i.test(c.req.header('authorization') ?? ''))
    c.header('www-authenticate', 'Basic realm="clients", charset="UTF-8"')
  c.header('cache-control', 'no-store')
  c.header('pragma', 'no-cache')
  return c.json({ error: error.code, error_description: error.message }, status)
}
