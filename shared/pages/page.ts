import type { FC } from 'hono/jsx'
import type { WorkerContext } from '../http/context.ts'
import type { OAuthError } from '../protocol/error.ts'
import type { Branding } from './branding.ts'
import { contentSecurityPolicy } from './content-security-policy.ts'
import { type Frame, renderPage } from './document.tsx'
import { ErrorPage } from './error-page.tsx'
import type { Language } from './language.ts'
import type { CommonErrorCode, CommonWords, ErrorWords } from './words.ts'

export type PageStatus = 200 | 400 | 403 | 404 | 405 | 408 | 413 | 429 | 500 | 503

interface PageDeps {
  readonly branding: Branding
}

/** Language, looks and time zone for the person who asks. */
export function pageFrame<Deps extends PageDeps, Words extends CommonWords>(
  c: WorkerContext<Deps>,
  language: Language<Words>,
  stylesheet: string,
): Frame<Words> {
  const timeZone = c.req.raw.cf?.timezone
  return {
    ...language,
    branding: c.var.deps.branding,
    stylesheet,
    ...(typeof timeZone === 'string' && { timeZone }),
  }
}

/**
 * A page for one person: never stored, never framed, without inline script or style.
 * @param policy the content security policy.
 */
export async function htmlPage<Deps>(
  c: WorkerContext<Deps>,
  page: ReturnType<FC>,
  status: PageStatus = 200,
  policy: string = contentSecurityPolicy(),
): Promise<Response> {
  c.header('content-type', 'text/html; charset=utf-8')
  c.header('cache-control', 'no-store')
  c.header('content-security-policy', policy)
  c.header('x-frame-options', 'DENY')
  c.header('permissions-policy', 'camera=(), geolocation=(), microphone=(), payment=()')
  // Clients open sign-in in pop-ups and wait for them; a stricter policy would cut the tie.
  c.header('cross-origin-opener-policy', 'unsafe-none')
  return c.body(renderPage(page ?? ''), status)
}

/** What happened and what to do, for a request that has nowhere else to go. */
export function errorPage<Deps>(
  c: WorkerContext<Deps>,
  frame: Frame,
  code: string,
  words: ErrorWords,
  status: PageStatus,
): Promise<Response> {
  c.var.log['page'] = code
  return htmlPage(c, ErrorPage({ frame, words, requestId: c.var.requestId }), status)
}

/** Answers a refused request of a browser with a page. */
export function errorPageFor<Deps>(c: WorkerContext<Deps>, frame: Frame, error: OAuthError): Promise<Response> {
  if (error.retryAfter !== undefined) c.header('retry-after', String(error.retryAfter))
  const code = pageCode(error)
  const status = error.status === 409 || error.status === 401 ? 400 : error.status
  return errorPage(c, frame, code, frame.messages.error.page[code], status)
}

function pageCode(error: OAuthError): CommonErrorCode {
  switch (error.code) {
    case 'not_found':
    case 'temporarily_unavailable':
    case 'server_error':
    case 'too_many_requests':
      return error.code
    case 'payload_too_large':
      return 'too_large'
    default:
      return 'bad_request'
  }
}
