import type { FC } from 'hono/jsx'
import { contentSecurityPolicy } from '../../shared/pages/content-security-policy.ts'
import { languageFor } from '../../shared/pages/language.ts'
import { errorPage, errorPageFor, htmlPage, pageFrame, type PageStatus } from '../../shared/pages/page.ts'
import type { CommonErrorCode } from '../../shared/pages/words.ts'
import type { OAuthError } from '../../shared/protocol/error.ts'
import type { SamlContext } from './deps.ts'
import { stylesheet } from './pages/assets.ts'
import type { Frame } from './pages/frame.ts'
import { en, type OwnErrorCode } from './pages/messages/en.ts'
import { Send } from './pages/send.tsx'

/** Language, looks and time zone for the person who asks. */
export function frameOf(c: SamlContext): Frame {
  return pageFrame(c, languageFor({ en }, undefined, c.req.header('accept-language')), stylesheet)
}

export function page(c: SamlContext, content: ReturnType<FC>, status: PageStatus = 200): Promise<Response> {
  return htmlPage(c, content, status)
}

/**
 * The page that posts a message to a partner. Browsers apply `form-action` to every redirect that follows, and where
 * partners lead people afterwards is theirs; the form itself has one address, out of the partner's metadata.
 */
export function sendPage(
  c: SamlContext,
  partnerName: string,
  action: string,
  fields: Readonly<Record<string, string>>,
): Promise<Response> {
  const schemes = c.var.deps.local ? 'https: http:' : 'https:'
  const policy = contentSecurityPolicy().replace("form-action 'self'", `form-action ${schemes}`)
  return htmlPage(c, Send({ frame: frameOf(c), partnerName, action, fields }), 200, policy)
}

export function refusalPage(
  c: SamlContext,
  code: CommonErrorCode | OwnErrorCode,
  status: PageStatus,
): Promise<Response> {
  const frame = frameOf(c)
  return errorPage(c, frame, code, frame.messages.error.page[code], status)
}

/** What a failure looks like to people. */
export function failurePage(c: SamlContext, error: OAuthError): Response | Promise<Response> {
  if (error.code === 'access_denied') return refusalPage(c, 'not_served', 403)
  return errorPageFor(c, frameOf(c), error)
}
