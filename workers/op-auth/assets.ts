import { OAuthError } from '../../shared/protocol/error.ts'
import type { AuthContext } from './deps.ts'
import { findAsset } from './pages/assets.ts'

/** Stylesheet and scripts: their names change with their content, so they are kept for a year. */
export function asset(c: AuthContext): Response {
  const found = findAsset(c.req.path, c.var.deps.branding)
  if (!found) throw new OAuthError('not_found', 'there is nothing at this address')
  return c.body(found.body, 200, {
    'content-type': found.contentType,
    'cache-control': 'public, max-age=31536000, immutable',
  })
}
