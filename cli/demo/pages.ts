import { html } from 'hono/html'
import { decode } from './claims.ts'
import { action, claimsList, type Html, page } from './page.ts'
import { qrCode } from './qr-code.ts'
import type { DeviceAttempt, Tokens } from './relying-party.ts'

/** The page of someone who is not signed in. */
export function welcomePage(issuer: string): Html {
  return page(
    'Demo application',
    html`<p>
        An ordinary OpenID Connect client, and a SAML service provider. It sends you to ${issuer}, and shows what comes
        back.
      </p>
      <div class="actions">
        <a class="button primary" href="/signin">Sign in</a>
        <a class="button" href="/saml/signin">Use SAML</a> ${action('/device', 'Sign in as a television would')}
      </div>`,
  )
}

/** What a television shows while its person signs in elsewhere. */
export function devicePage({ userCode, address, completeAddress }: DeviceAttempt): Html {
  return page(
    'Sign in on another device',
    html`<p>This is the screen of a device without a keyboard. Take your telephone, or another tab.</p>
      <section class="card device" aria-label="Code">
        <div class="qr" role="img" aria-label="QR code of the link straight to the code">
          ${qrCode(completeAddress)}
        </div>
        <div>
          <p>Scan the QR code, or open</p>
          <p><a href="${address}">${address}</a></p>
          <p>and enter</p>
          <p class="code">${userCode}</p>
          <p class="dim">Or go <a href="${completeAddress}">straight to the code</a>, and compare it with this one.</p>
        </div>
      </section>
      <p role="status">Waiting for your answer.</p>
      <div class="actions"><a class="button" href="/device">Look again</a></div>`,
    html`<script src="/device.js" defer></script>`,
  )
}

/** The page of someone who is: their tokens, decoded, and what can be done with them. */
export function tokensPage(tokens: Tokens, userinfo: Record<string, unknown> | undefined, done: string): Html {
  const { name } = { ...decode(tokens.idToken)?.claims, ...userinfo }
  return page(
    'You are signed in',
    html`<p role="status">${typeof name === 'string' ? `Hello, ${name}. ` : ''}${done}</p>
      <div class="actions">
        ${action('/refresh', 'Refresh')} ${action('/userinfo', 'Call userinfo')} ${action('/signout', 'Sign out')}
      </div>
      <div class="columns">
        ${tokenCard('ID token', 'Says who signed in. For this application only.', tokens.idToken)}
        ${tokenCard('Access token', 'Opens the doors of an API. For the API only.', tokens.accessToken)}
        ${userinfo ? userinfoCard(userinfo) : ''}
        ${tokens.refreshToken === undefined ? '' : refreshCard(tokens.refreshToken)}
      </div>`,
  )
}

/** What went wrong, in the words of the provider or the library. */
export function errorPage(message: string): Html {
  return page(
    'That did not work',
    html`<section class="card alarm" aria-labelledby="error">
        <h2 id="error">What happened</h2>
        <p>${message}</p>
      </section>
      <div class="actions"><a class="button primary" href="/">Start again</a></div>`,
  )
}

function tokenCard(title: string, about: string, token: string): Html {
  const decoded = decode(token)
  return html`<section class="card" aria-label="${title}">
    <h2>${title}</h2>
    <p class="dim">${about}</p>
    ${
      decoded
        ? html`<h3>Claims</h3>
            ${claimsList(decoded.claims)}
            <h3>Header</h3>
            ${claimsList(decoded.header)}`
        : html`<p>It is opaque: only the provider can read it.</p>`
    }
    <details>
      <summary>As it was sent</summary>
      <code>${token}</code>
    </details>
  </section>`
}

function userinfoCard(claims: object): Html {
  return html`<section class="card" aria-label="Userinfo">
    <h2>Userinfo</h2>
    <p class="dim">What the provider tells whoever holds the access token.</p>
    ${claimsList(claims)}
  </section>`
}

function refreshCard(token: string): Html {
  return html`<section class="card" aria-label="Refresh token">
    <h2>Refresh token</h2>
    <p class="dim">Gets new tokens without the person. Used once: each refresh brings the next one.</p>
    <details>
      <summary>As it was sent</summary>
      <code>${token}</code>
    </details>
  </section>`
}
