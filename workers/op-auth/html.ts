import type { FC } from 'hono/jsx'
import { errorResponse } from '../../shared/http/error-response.ts'
import { contentSecurityPolicy } from '../../shared/pages/content-security-policy.ts'
import {
  errorPage as anyErrorPage,
  errorPageFor,
  htmlPage as anyPage,
  pageFrame,
  type PageStatus,
} from '../../shared/pages/page.ts'
import type { OAuthError } from '../../shared/protocol/error.ts'
import type { AuthContext } from './deps.ts'
import { brandStylesheet } from './pages/assets.ts'
import type { Frame } from './pages/frame.ts'
import type { ErrorCode } from './pages/messages/keys.ts'
import { messagesFor } from './pages/messages/language.ts'

/** Language, looks and time zone for the person who asks. */
export function frameOf(c: AuthContext, uiLocales: string | undefined): Frame {
  const language = messagesFor(uiLocales, c.req.header('accept-language'))
  return pageFrame(c, language, brandStylesheet(c.var.deps.branding).path)
}

/**
 * A page for one person.
 * @param formTargets origins beside our own that a form on the page may lead to: browsers apply `form-action` to the
 * redirect after the post as well.
 */
export function htmlPage(
  c: AuthContext,
  page: ReturnType<FC>,
  status: PageStatus = 200,
  formTargets: readonly string[] = [],
): Promise<Response> {
  return anyPage(c, page, status, contentSecurityPolicy(formTargets))
}

/** What happened and what to do, for a request that has nowhere else to go. */
export function errorPage(c: AuthContext, code: ErrorCode, status: PageStatus): Promise<Response> {
  const frame = frameOf(c, undefined)
  return anyErrorPage(c, frame, code, frame.messages.error.page[code], status)
}

/** Failures of this Worker: a page for people, JSON for clients. */
export function failure(c: AuthContext, error: OAuthError): Response | Promise<Response> {
  if (c.req.path === '/as/par') return errorResponse(c, error)
  if (error.code === 'invalid_client') return errorPage(c, 'unknown_client', 400)
  return errorPageFor(c, frameOf(c, undefined), error)
}
