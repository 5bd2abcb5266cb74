import { OAuthError } from '../../shared/protocol/error.ts'
import type { SamlContext } from './deps.ts'
import { goOnAsset } from './pages/assets.ts'

/** The script of our pages: its name changes with its content, so it is kept for a year. */
export function asset(c: SamlContext): Response {
  if (c.req.path !== goOnAsset.path) throw new OAuthError('not_found', 'there is nothing at this address')
  return c.body(goOnAsset.body, 200, {
    'content-type': goOnAsset.contentType,
    'cache-control': 'public, max-age=31536000, immutable',
  })
}
