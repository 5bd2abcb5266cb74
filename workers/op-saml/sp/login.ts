import type { StoredInteraction } from '../../../shared/http/interactions.ts'
import { knownBrowser } from '../../../shared/http/browser.ts'
import type { IdentityProvider } from '../../../shared/protocol/saml-partner.ts'
import { authnRequestMarkup } from '../authn-request.ts'
import { encodeBase64 } from '../base64.ts'
import { bindings } from '../bindings.ts'
import type { SamlContext } from '../deps.ts'
import { refusalPage, sendPage } from '../html.ts'
import { readSignOnRecord } from '../idp/request-record.ts'
import { ownServiceProvider } from '../own-entity.ts'
import { redirectAddress } from '../redirect-binding.ts'
import { newId } from '../response.ts'
import { signed } from '../sign.ts'
import { writeXml } from '../xml/write.ts'
import { trustedAlias } from './partner.ts'
import { keepAway } from './transaction.ts'

/**
 * Sends the browser to an identity provider with a signed request of ours (Profiles §4.1). With an interaction of this
 * browser the sign-in goes on there afterwards, without one on the account page.
 */
export async function login(c: SamlContext): Promise<Response> {
  const { deps } = c.var
  const partner = await trustedAlias(c, c.req.param('alias') ?? '')
  c.var.log['partner'] = partner.entityId
  const handle = c.req.query('interaction')
  const interaction = handle === undefined ? undefined : await ownInteraction(c, handle)
  if (handle !== undefined && !interaction) return refusalPage(c, 'expired_interaction', 400)
  const own = ownServiceProvider(deps.issuer, partner)
  const request = {
    id: newId(),
    issuer: own.entityId,
    acsUrl: own.acs,
    forceAuthn: interaction !== undefined && asksAgain(interaction),
  }
  await keepAway(c, {
    entityId: partner.entityId,
    requestId: request.id,
    forced: request.forceAuthn,
    ...(interaction && { resume: interaction.handle }),
  })
  c.header('cache-control', 'no-store')
  return send(c, partner, request)
}

/** What this browser has begun with us; undefined for what is another's, or over. */
export async function ownInteraction(c: SamlContext, handle: string): Promise<StoredInteraction | undefined> {
  const found = await c.var.deps.interactions.find(handle, c.var.now)
  if (!found || !['authorize', 'account', 'saml'].includes(found.record.purpose)) return undefined
  const browser = await knownBrowser(c)
  return browser !== undefined && browser.id === found.record.browser ? found : undefined
}

/** Whether an older session at the provider is not enough for who asks here. */
function asksAgain({ record }: StoredInteraction): boolean {
  if (record.purpose === 'saml') return readSignOnRecord(record.params)?.forceAuthn === true
  const params = new Map(record.params)
  return params.has('max_age') || (params.get('prompt') ?? '').split(' ').includes('login')
}

async function send(
  c: SamlContext,
  partner: IdentityProvider,
  request: Omit<Parameters<typeof authnRequestMarkup>[0], 'destination' | 'now'>,
): Promise<Response> {
  const { deps, now } = c.var
  const signer = await deps.keys.signer(now)
  const markup = (destination: string) => authnRequestMarkup({ ...request, destination, now })
  const byRedirect = partner.sso.find(({ binding }) => binding === bindings.redirect)
  if (byRedirect) {
    const xml = writeXml(markup(byRedirect.url))
    const message = { parameter: 'SAMLRequest', xml, relayState: undefined } as const
    return c.redirect(await redirectAddress(byRedirect.url, message, signer), 303)
  }
  const byPost = partner.sso.find(({ binding }) => binding === bindings.post)
  if (!byPost) return refusalPage(c, 'not_served', 403)
  const { raw } = await signed(markup(byPost.url), signer)
  return sendPage(c, partner.name, byPost.url, { SAMLRequest: encodeBase64(new TextEncoder().encode(raw)) })
}
