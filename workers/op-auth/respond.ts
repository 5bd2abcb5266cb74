import type { ResponseTarget } from '../../shared/protocol/authorization-request.ts'
import type { OAuthError } from '../../shared/protocol/error.ts'
import { withQuery } from '../../shared/protocol/redirect-uri.ts'
import type { AuthContext } from './deps.ts'
import { FormPost } from './pages/form-post.tsx'
import { frameOf, htmlPage } from './html.ts'

/**
 * Sends an authorization response to a proven redirect URI, by the response mode of the request, with `state` and
 * `iss` (RFC 6749 §4.1.2, RFC 9207). 303, so that a posted password is never posted on (RFC 9700 §4.12).
 */
export async function respond(
  c: AuthContext,
  target: ResponseTarget,
  result: Record<string, string>,
): Promise<Response> {
  const parameters = {
    ...result,
    ...(target.state !== undefined && { state: target.state }),
    iss: c.var.deps.issuer,
  }
  c.header('cache-control', 'no-store')
  if (target.mode === 'form_post') {
    const page = FormPost({ frame: frameOf(c, undefined), action: target.redirectUri, fields: parameters })
    return htmlPage(c, page, 200, [target.redirectUri])
  }
  if (target.mode === 'fragment') return c.redirect(`${target.redirectUri}#${new URLSearchParams(parameters)}`, 303)
  return c.redirect(withQuery(target.redirectUri, parameters), 303)
}

/** An error for the client, RFC 6749 §4.1.2.1. */
export function respondError(c: AuthContext, target: ResponseTarget, error: OAuthError): Promise<Response> {
  c.var.log['error'] = error.code
  return respond(c, target, { error: error.code, error_description: error.message })
}
