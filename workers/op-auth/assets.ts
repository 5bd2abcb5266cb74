import { OAuthError } from '../../shared/protocol/error.ts'
import type { AuthContext } from './deps.ts'
import { commonStylesheet, findAsset } from './pages/assets.ts'

/** Stylesheet and scripts: names that change with their content are kept for a year, the one that does not for minutes. */
export function asset(c: AuthContext): Response {
  const found = findAsset(c.req.path, c.var.deps.branding)
  if (!found) throw new OAuthError('not_found', 'there is nothing at this address')
  return c.body(found.body, 200, {
    'content-type': found.contentType,
    'cache-control': c.req.path === commonStylesheet ? 'public, max-age=300' : 'public, max-age=31536000, immutable',
  })
}
