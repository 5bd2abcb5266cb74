import type { Profile, SAML } from '@node-saml/node-saml'
import { samlKey } from './saml-key.ts'
import { samlAddresses } from './saml-metadata.ts'

/** Who the identity provider says has come. */
export interface Assertion {
  readonly profile: Profile
  readonly attributes: Readonly<Record<string, unknown>>
  /** The response as it was sent. */
  readonly xml: string
}

/** A SAML service provider: all of what it says to the identity provider is here. */
export class ServiceProvider {
  readonly #issuer: string
  readonly #url: string
  #saml: Promise<SAML> | undefined

  /** @param url origin of the application. */
  constructor(issuer: string, url: string) {
    this.#issuer = issuer
    this.#url = url
  }

  /** Where to send the person, with a signed request. */
  async startSignIn(): Promise<string> {
    return (await this.#provider()).getAuthorizeUrlAsync('', undefined, {})
  }

  /** Checks the response: signature, audience, times, and that it answers a request of ours. */
  async finishSignIn(form: URLSearchParams): Promise<Assertion> {
    const response = form.get('SAMLResponse') ?? ''
    const { profile } = await (await this.#provider()).validatePostResponseAsync({ SAMLResponse: response })
    if (!profile) throw new Error('The response is about nobody.')
    const { attributes } = profile
    return {
      profile,
      attributes: typeof attributes === 'object' && attributes !== null ? { ...attributes } : {},
      xml: Buffer.from(response, 'base64').toString(),
    }
  }

  /** Where to send the person to end the session everywhere. */
  async signOutUrl({ profile }: Assertion): Promise<string> {
    return (await this.#provider()).getLogoutUrlAsync(profile, '', {})
  }

  /** The provider's wish to sign somebody out, or its answer to ours: where to go then, if anywhere. */
  async logout(url: URL): Promise<string | undefined> {
    const saml = await this.#provider()
    const { profile } = await saml.validateRedirectAsync(Object.fromEntries(url.searchParams), url.search.slice(1))
    if (!url.searchParams.has('SAMLRequest') || !profile) return undefined
    return saml.getLogoutResponseUrlAsync(profile, url.searchParams.get('RelayState') ?? '', {}, true)
  }

  #provider(): Promise<SAML> {
    this.#saml ??= this.#load()
    // A provider that was down is asked again at the next click.
    this.#saml.catch(() => (this.#saml = undefined))
    return this.#saml
  }

  /** The library, which loads when it is needed, and the provider's keys. */
  async #load(): Promise<SAML> {
    // By its default export, which is there bundled and not.
    const [{ default: library }, metadata] = await Promise.all([
      import('@node-saml/node-saml'),
      fetch(`${this.#issuer}/saml/idp/metadata`).then((response) => response.text()),
    ])
    const { entityId, acs } = samlAddresses(this.#url)
    return new library.SAML({
      entryPoint: `${this.#issuer}/saml/idp/sso`,
      logoutUrl: `${this.#issuer}/saml/idp/slo`,
      issuer: entityId,
      audience: entityId,
      callbackUrl: acs,
      idpCert: certificates(metadata),
      privateKey: `-----BEGIN PRIVATE KEY-----\n${lines(samlKey.privateKey)}\n-----END PRIVATE KEY-----`,
      signatureAlgorithm: 'sha256',
      digestAlgorithm: 'sha256',
      identifierFormat: null,
      disableRequestedAuthnContext: true,
      wantAuthnResponseSigned: false,
      validateInResponseTo: library.ValidateInResponseTo.always,
    })
  }
}

/** Both during a rotation, without that of the signature around them. */
function certificates(metadata: string): string[] {
  const unsigned = metadata.replace(/<ds:Signature .*?<\/ds:Signature>/s, '')
  return [...unsigned.matchAll(/<ds:X509Certificate>([^<]*)</g)].map(([, certificate = '']) => certificate)
}

function lines(base64: string): string {
  return base64.replaceAll(/.{64}/g, '$&\n')
}
