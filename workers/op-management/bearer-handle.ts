import { bearerText } from '../../shared/http/bearer.ts'
import { OAuthError } from '../../shared/protocol/error.ts'
import { handleHash } from '../../shared/protocol/handle.ts'
import type { ManagementContext } from './deps.ts'

/**
 * The hash of the handle of this kind that the caller presents as bearer token.
 * @throws OAuthError invalid_token
 */
export async function bearerHandle(c: ManagementContext, kind: 'registration' | 'initial'): Promise<string> {
  const text = bearerText(c)
  const handle = text && (await c.var.deps.keyring.open(kind, text, c.var.now))
  if (!handle) throw new OAuthError('invalid_token', 'the token is missing, invalid or expired')
  return handleHash(text)
}
