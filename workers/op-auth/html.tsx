import type { FC } from 'hono/jsx'
import type { OAuthError } from '../../shared/protocol/error.ts'
import { errorResponse } from '../../shared/http/error-response.ts'
import type { AuthContext } from './deps.ts'
import { contentSecurityPolicy } from './pages/content-security-policy.ts'
import { type Frame, renderPage } from './pages/document.tsx'
import { ErrorPage } from './pages/error-page.tsx'
import type { ErrorCode } from './pages/messages/keys.ts'
import { messagesFor } from './pages/messages/language.ts'

type PageStatus = 200 | 400 | 403 | 404 | 405 | 408 | 413 | 429 | 500 | 503

/** Language, looks and time zone for the person who asks. */
export function frameOf(c: AuthContext, uiLocales: string | undefined): Frame {
  const timeZone = c.req.raw.cf?.timezone
  return {
    ...messagesFor(uiLocales, c.req.header('accept-language')),
    branding: c.var.deps.branding,
    ...(typeof timeZone === 'string' && { timeZone }),
  }
}

/**
 * A page for one person: never stored, never framed, without inline script or style.
 * @param formTargets origins beside our own that a form on the page may lead to: browsers apply `form-action` to the
 * redirect after the post as well.
 */
export async function htmlPage(
  c: AuthContext,
  page: ReturnType<FC>,
  status: PageStatus = 200,
  formTargets: readonly string[] = [],
): Promise<Response> {
  c.header('content-type', 'text/html; charset=utf-8')
  c.header('cache-control', 'no-store')
  c.header('content-security-policy', contentSecurityPolicy(formTargets))
  c.header('x-frame-options', 'DENY')
  c.header('permissions-policy', 'camera=(), geolocation=(), microphone=(), payment=()')
  // Clients open sign-in in pop-ups and wait for them; a stricter policy would cut the tie.
  c.header('cross-origin-opener-policy', 'unsafe-none')
  return c.body(renderPage(page ?? ''), status)
}

/** What happened and what to do, for a request that has nowhere else to go. */
export function errorPage(c: AuthContext, code: ErrorCode, status: PageStatus): Promise<Response> {
  c.var.log['page'] = code
  return htmlPage(c, ErrorPage({ frame: frameOf(c, undefined), code, requestId: c.var.requestId }), status)
}

/** Failures of this Worker: a page for people, JSON for clients. */
export function failure(c: AuthContext, error: OAuthError): Response | Promise<Response> {
  if (c.req.path === '/as/par') return errorResponse(c, error)
  if (error.retryAfter !== undefined) c.header('retry-after', String(error.retryAfter))
  return errorPage(c, pageCode(error), error.status === 409 || error.status === 401 ? 400 : error.status)
}

function pageCode(error: OAuthError): ErrorCode {
  switch (error.code) {
    case 'not_found':
    case 'temporarily_unavailable':
    case 'server_error':
    case 'too_many_requests':
      return error.code
    case 'payload_too_large':
      return 'too_large'
    case 'invalid_client':
      return 'unknown_client'
    default:
      return 'bad_request'
  }
}
