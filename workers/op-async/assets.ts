import { OAuthError } from '../../shared/protocol/error.ts'
import type { AsyncContext } from './deps.ts'
import { liveAsset } from './pages/assets.ts'

/** The script of our pages: its name changes with its content, so it is kept for a year. */
export function asset(c: AsyncContext): Response {
  if (c.req.path !== liveAsset.path) throw new OAuthError('not_found', 'there is nothing at this address')
  return c.body(liveAsset.body, 200, {
    'content-type': liveAsset.contentType,
    'cache-control': 'public, max-age=31536000, immutable',
  })
}
