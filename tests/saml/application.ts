import type { Profile } from '@node-saml/node-saml'
import type { SiteAnswer, SiteRequest } from '../support/site.ts'
import type { TestPartner } from './support.ts'

/** An application that people use at a partner's site, with node-saml as its service provider. */
export interface Application {
  /** Who is signed in there. */
  profile: Profile | undefined
  /** How it answers requests to sign out. */
  answer: 'done' | 'refuse' | 'hang'
  /** What it was told at the end of a sign-out that it began, or why it did not believe that. */
  readonly told: string[]
}

/** Serves `/login`, `/acs`, `/logout` and `/slo` at the partner's site. */
export function serveApplication(partner: TestPartner): Application {
  const application: Application = { profile: undefined, answer: 'done', told: [] }
  const { pages } = partner.site
  const routes: Record<string, (request: SiteRequest) => Promise<SiteAnswer>> = {
    '/login': async () => to(await partner.saml.getAuthorizeUrlAsync('from-login', undefined, {})),
    '/acs': (request) => consume(partner, application, request),
    '/logout': async () => {
      if (!application.profile) throw new Error('nobody is signed in')
      return to(await partner.saml.getLogoutUrlAsync(application.profile, 'from-logout', {}))
    },
    '/slo': (request) => slo(partner, application, request),
  }
  for (const [path, serve] of Object.entries(routes))
    pages.set(path, (request) => serve(request).catch((error: unknown) => ({ status: 500, body: String(error) })))
  return application
}

async function consume(partner: TestPartner, application: Application, { form }: SiteRequest): Promise<SiteAnswer> {
  const { profile } = await partner.saml.validatePostResponseAsync({ SAMLResponse: form.get('SAMLResponse') ?? '' })
  application.profile = profile ?? undefined
  return page(`Welcome ${String(profile?.['email'])}`, form.get('RelayState') ?? '')
}

async function slo(partner: TestPartner, application: Application, { url }: SiteRequest): Promise<SiteAnswer> {
  const query = Object.fromEntries(url.searchParams)
  const { profile } = await partner.saml.validateRedirectAsync(query, url.search.slice(1))
  if (query['SAMLResponse'] !== undefined) {
    application.profile = undefined
    application.told.push(query['RelayState'] ?? '')
    return page('Signed out', query['RelayState'] ?? '')
  }
  if (application.answer === 'hang') return page('Something is broken here', '')
  if (application.answer === 'done') application.profile = undefined
  if (!profile) throw new Error('nobody is to be signed out')
  return to(await partner.saml.getLogoutResponseUrlAsync(profile, '', {}, application.answer === 'done'))
}

function page(heading: string, text: string): SiteAnswer {
  return { body: `<html lang="en"><title>${heading}</title><h1>${heading}</h1><p id="state">${text}</p>` }
}

function to(location: string): SiteAnswer {
  return { status: 302, headers: { location } }
}
