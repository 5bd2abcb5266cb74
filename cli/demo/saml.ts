import { type Answer, page, redirect } from './answer.ts'
import type { Request, Route } from './application.ts'
import { samlMetadata } from './saml-metadata.ts'
import { assertionPage } from './saml-page.ts'
import { ServiceProvider } from './service-provider.ts'
import type { Sessions } from './sessions.ts'

/** What the application answers where it is a SAML service provider, by method and path. */
export function samlRoutes(issuer: string, url: string, sessions: Sessions): [string, Route][] {
  const serviceProvider = new ServiceProvider(issuer, url)

  function shown({ headers }: Request): Answer {
    const assertion = sessions.find(headers.cookie)?.session.assertion
    return assertion ? page(assertionPage(assertion)) : redirect('/')
  }

  /** Posted from the provider's site, so that no cookie of ours comes along; the session begins here. */
  async function consume({ body }: Request): Promise<Answer> {
    const assertion = await serviceProvider.finishSignIn(new URLSearchParams(body))
    return redirect('/saml', sessions.start({ assertion }))
  }

  async function signOut({ headers }: Request): Promise<Answer> {
    const found = sessions.find(headers.cookie)
    if (!found?.session.assertion) return redirect('/')
    sessions.end(found.id)
    return redirect(await serviceProvider.signOutUrl(found.session.assertion))
  }

  async function logout({ headers, url: target }: Request): Promise<Answer> {
    const answer = await serviceProvider.logout(target)
    const found = sessions.find(headers.cookie)
    if (found) sessions.end(found.id)
    return redirect(answer ?? '/')
  }

  return [
    ['GET /saml', shown],
    [
      'GET /saml/metadata',
      () => ({ headers: { 'content-type': 'application/samlmetadata+xml' }, body: samlMetadata(url) }),
    ],
    ['GET /saml/signin', async () => redirect(await serviceProvider.startSignIn())],
    ['POST /saml/acs', consume],
    ['POST /saml/signout', signOut],
    ['GET /saml/slo', logout],
  ]
}
