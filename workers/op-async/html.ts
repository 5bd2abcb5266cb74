import type { FC } from 'hono/jsx'
import type { Client } from '../../shared/protocol/client.ts'
import type { OAuthError } from '../../shared/protocol/error.ts'
import { errorResponse } from '../../shared/http/error-response.ts'
import { contentSecurityPolicy } from '../../shared/pages/content-security-policy.ts'
import { languageFor } from '../../shared/pages/language.ts'
import { errorPage, errorPageFor, htmlPage, pageFrame, type PageStatus } from '../../shared/pages/page.ts'
import type { CommonErrorCode } from '../../shared/pages/words.ts'
import type { Ask } from './asks.ts'
import type { AsyncContext } from './deps.ts'
import { stylesheet } from './pages/assets.ts'
import type { Frame } from './pages/frame.ts'
import { en } from './pages/messages/en.ts'

/** Language, looks and time zone for the person who asks. */
export function frameOf(c: AsyncContext): Frame {
  const language = languageFor({ en }, undefined, c.req.header('accept-language'))
  return pageFrame(c, language, stylesheet)
}

/**
 * A page for one person.
 * @param live the page fetches itself again.
 */
export function page(
  c: AsyncContext,
  content: ReturnType<FC>,
  status: PageStatus = 200,
  live = false,
): Promise<Response> {
  const policy = contentSecurityPolicy()
  return htmlPage(c, content, status, live ? `${policy}; connect-src 'self'` : policy)
}

export function refusal(c: AsyncContext, code: CommonErrorCode, status: PageStatus): Promise<Response> {
  const frame = frameOf(c)
  return errorPage(c, frame, code, frame.messages.error.page[code], status)
}

/** Sends the browser to sign in and back to a page of ours. */
export function toSignIn(c: AsyncContext, returnTo: string): Response {
  c.header('cache-control', 'no-store')
  return c.redirect(`/signin?${new URLSearchParams({ return_to: returnTo })}`, 303)
}

/** The client of a request, unless it was stopped meanwhile. */
export async function clientOf(c: AsyncContext, ask: Ask): Promise<Client | undefined> {
  const client = await c.var.deps.clients.find(ask.clientId, c.var.now)
  return client?.disabled ? undefined : client
}

const forClients = new Set(['/device_authorization', '/bc-authorize'])

/** Failures of this Worker: a page for people, JSON for clients. A refusal in the person's name is a 403 (CIBA §13). */
export function failure(c: AsyncContext, error: OAuthError): Response | Promise<Response> {
  if (!forClients.has(c.req.path)) return errorPageFor(c, frameOf(c), error)
  return errorResponse(c, error, error.code === 'access_denied' ? 403 : error.status)
}
