import { html } from 'hono/html'
import { action, claimsList, type Html, page } from './page.ts'
import type { Assertion } from './service-provider.ts'

/** The page of someone who came with an assertion: what it says, and as it was sent. */
export function assertionPage({ profile, attributes, xml }: Assertion): Html {
  const { nameID, nameIDFormat, sessionIndex, issuer } = profile
  return page(
    'You are signed in with SAML',
    html`<p role="status">The identity provider’s response was accepted.</p>
      <div class="actions">${action('/saml/signout', 'Sign out')}</div>
      <div class="columns">
        <section class="card" aria-label="Attributes">
          <h2>Attributes</h2>
          <p class="dim">What the provider tells this application about you.</p>
          ${claimsList(attributes)}
        </section>
        <section class="card" aria-label="Assertion">
          <h2>Assertion</h2>
          <p class="dim">Says who signed in. For this application only.</p>
          ${claimsList({ issuer, NameID: nameID, format: nameIDFormat, SessionIndex: sessionIndex ?? '' })}
          <details>
            <summary>As it was sent</summary>
            <code>${xml}</code>
          </details>
        </section>
      </div>`,
  )
}
