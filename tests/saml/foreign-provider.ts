import { randomUUID } from 'node:crypto'
import * as samlify from 'samlify'
import { testKeys } from '../../workers/op-saml/testing/keys.ts'
import { adminJson } from '../management/support.ts'
import { type Agent, formOf } from '../support/agent.ts'
import { openSite, type Site, type SiteRequest } from '../support/site.ts'
import type { System } from '../support/system.ts'
import { identityProviderMetadata } from './metadata.ts'
import { format, pem } from './support.ts'

// We check structure ourselves on our side; the library insists on some validator.
samlify.setSchemaValidator({ validate: () => Promise.resolve('not validated') })

/** What the provider says about whoever comes, unless a test has it say something else. */
export interface Said {
  readonly nameId: string
  readonly nameIdFormat: string
  readonly attributes: Readonly<Record<string, readonly string[]>>
  readonly issuer: string
  readonly audience: string
  readonly recipient: string
  readonly destination: string
  /** Empty: the response answers nothing. */
  readonly inResponseTo: string
  readonly sessionIndex: string
  readonly authnInstant: Date
  readonly notOnOrAfter: Date
  readonly statusCode: string
  readonly contextClass: string
  /** The key that signs. */
  readonly key: keyof typeof testKeys
  readonly encrypt: boolean
  readonly signResponse: boolean
  /** Changes the XML before it is signed. */
  readonly edit: (xml: string) => string
}

/** An identity provider that none of us wrote, with a site of its own and a row in our table. */
export interface ForeignProvider {
  readonly alias: string
  readonly entityId: string
  readonly site: Site
  /** What is said to the next who come. */
  says: Partial<Said>
  /** The requests that came and whose signature samlify verified. */
  readonly requests: { readonly id: string; readonly forceAuthn: boolean }[]
  /** A response, base64. */
  response(said?: Partial<Said>): Promise<string>
  /** The provider wants somebody signed out: the address that carries its request. */
  logoutAddress(nameId: string, sessionIndex?: string, key?: keyof typeof testKeys): string
  /** The address that carries its answer to our request, which came to its site. */
  logoutAnswer(request: SiteRequest): Promise<string>
  /** The status of our answer, which came to its site; its signature is verified. */
  logoutStatus(answer: SiteRequest): Promise<string>
  close(): Promise<void>
}

const success = 'urn:oasis:names:tc:SAML:2.0:status:Success'
const context = 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport'

/** Known to the library, unknown to its types. */
const encryption: Readonly<Record<string, string>> = {
  dataEncryptionAlgorithm: 'http://www.w3.org/2009/xmlenc11#aes256-gcm',
  keyEncryptionAlgorithm: 'http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p',
}

/**
 * @param choices members of the admin API's new partner.
 * @param keys those of its metadata.
 */
export async function addProvider(
  system: System,
  choices: object = {},
  keys: readonly (keyof typeof testKeys)[] = ['partner'],
): Promise<ForeignProvider> {
  const site = await openSite()
  const alias = `idp-${randomUUID().slice(0, 8)}`
  const entityId = `${site.origin}/metadata`
  const metadata = identityProviderMetadata({ entityId, origin: site.origin, name: 'Acme' })
  const certificates = keys.map((key) => testKeys[key].certificate)
  const { partner } = await adminJson<{ partner: { spMetadataUrl: string } }>(system, 'POST', '/saml/idp', {
    metadata: identityProviderMetadata({ entityId, origin: site.origin, name: 'Acme', certificates }),
    alias,
    ...choices,
  })
  const ours = samlify.ServiceProvider({
    metadata: await (await fetch(partner.spMetadataUrl)).text(),
    wantLogoutRequestSigned: true,
    wantLogoutResponseSigned: true,
  })
  const acs = String(ours.entityMeta.getAssertionConsumerService('post'))
  const slo = acs.replace('/acs', '/slo')
  const provider: ForeignProvider = {
    alias,
    entityId,
    site,
    says: {},
    requests: [],
    async response(said = {}) {
      const fact: Said = {
        nameId: 'ada@acme.example',
        nameIdFormat: format('persistent'),
        attributes: { mail: ['ada@acme.example'], displayName: ['Ada Lovelace'], groups: ['staff', 'maths'] },
        issuer: entityId,
        audience: ours.entityMeta.getEntityID(),
        recipient: acs,
        destination: acs,
        inResponseTo: provider.requests.at(-1)?.id ?? '',
        sessionIndex: `_${randomUUID()}`,
        authnInstant: new Date(),
        notOnOrAfter: new Date(Date.now() + 120_000),
        statusCode: success,
        contextClass: context,
        key: 'partner',
        encrypt: false,
        signResponse: false,
        edit: (xml) => xml,
        ...provider.says,
        ...said,
      }
      return signedResponse(entityId, metadata, fact, ours)
    },
    logoutAddress(nameId, sessionIndex, key = 'partner') {
      const user = { logoutNameID: nameId, ...(sessionIndex !== undefined && { sessionIndex }) }
      const template = sessionIndex === undefined ? {} : { logoutRequestTemplate: { context: withIndex } }
      const idp = signing(metadata, key, { nameIDFormat: [format('persistent')], ...template })
      const { context: address } = idp.createLogoutRequest(ours, 'redirect', user, {
        ...(sessionIndex !== undefined && {
          customTagReplacement: (text: string) => ({
            id: '_logout',
            context: samlify.SamlLib.replaceTagsByValue(text, {
              ID: `_${randomUUID()}`,
              Destination: slo,
              Issuer: entityId,
              IssueInstant: new Date().toISOString(),
              NameIDFormat: format('persistent'),
              NameID: nameId,
              SessionIndex: sessionIndex,
            }),
          }),
        }),
      })
      return address
    },
    async logoutAnswer(request) {
      const idp = signing(metadata, 'partner', {})
      const { extract } = await idp.parseLogoutRequest(ours, 'redirect', redirected(request))
      const { context: address } = idp.createLogoutResponse(ours, { extract }, 'redirect')
      return address
    },
    async logoutStatus(answered) {
      const idp = signing(metadata, 'partner', {})
      // The library refuses statuses that are no success, after it has verified the signature.
      const text = await idp.parseLogoutResponse(ours, 'redirect', redirected(answered)).then(
        ({ samlContent }) => samlContent,
        (error: Error) => error.message,
      )
      const names = [...text.matchAll(/SAML:2\.0:status:(\w+)/g)].map(([, name]) => name).join(' ')
      if (names === '') throw new Error(text)
      return names
    },
    close: () => site.close(),
  }
  const answer = async (request: SiteRequest) => {
    provider.requests.push(await verifiedRequest(metadata, ours, request))
    const response = await provider.response()
    return {
      body: `<title>Acme</title><h1>Acme</h1><form method="post" action="${acs}">
        <input type="hidden" name="SAMLResponse" value="${response}"/>
        <input type="hidden" name="RelayState" value="https://evil.example/"/>
        <button>Continue</button></form>`,
    }
  }
  site.pages.set('/sso', answer)
  return provider
}

const withIndex =
  '<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{ID}" Version="2.0" IssueInstant="{IssueInstant}" Destination="{Destination}"><saml:Issuer>{Issuer}</saml:Issuer><saml:NameID Format="{NameIDFormat}">{NameID}</saml:NameID><samlp:SessionIndex>{SessionIndex}</samlp:SessionIndex></samlp:LogoutRequest>'

function signing(metadata: string, key: keyof typeof testKeys, settings: object) {
  return samlify.IdentityProvider({
    metadata,
    privateKey: pem('PRIVATE KEY', testKeys[key].privateKey),
    requestSignatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    wantLogoutRequestSigned: true,
    wantLogoutResponseSigned: true,
    ...settings,
  })
}

function redirected({ url }: SiteRequest) {
  return {
    query: Object.fromEntries(url.searchParams),
    octetString: url.search.slice(1).replace(/&Signature=.*$/, ''),
  }
}

async function verifiedRequest(
  metadata: string,
  ours: ReturnType<typeof samlify.ServiceProvider>,
  request: SiteRequest,
) {
  const idp = samlify.IdentityProvider({ metadata, wantAuthnRequestsSigned: true })
  const { extract } = await idp.parseLoginRequest(ours, 'redirect', redirected(request))
  const xml = samlify.Utility.inflateString(request.url.searchParams.get('SAMLRequest') ?? '')
  return { id: String(extract.request?.['id']), forceAuthn: xml.includes('ForceAuthn="true"') }
}

async function signedResponse(
  entityId: string,
  metadata: string,
  said: Said,
  ours: ReturnType<typeof samlify.ServiceProvider>,
): Promise<string> {
  const keys = testKeys[said.key]
  const idp = samlify.IdentityProvider({
    metadata: metadata.replace(testKeys.partner.certificate, keys.certificate),
    privateKey: pem('PRIVATE KEY', keys.privateKey),
    requestSignatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    isAssertionEncrypted: said.encrypt,
    ...encryption,
    loginResponseTemplate: { context: '', attributes: [] },
  })
  const xml = said.edit(responseText(said))
  const target = samlify.ServiceProvider({ metadata: ours.getMetadata(), wantMessageSigned: said.signResponse })
  const { context: response } = await idp.createLoginResponse(
    target,
    { extract: {} },
    'post',
    { email: said.nameId },
    {
      customTagReplacement: () => ({ id: entityId, context: xml }),
    },
  )
  return response
}

function responseText(said: Said): string {
  const now = new Date().toISOString()
  const inResponseTo = said.inResponseTo === '' ? '' : `InResponseTo="${said.inResponseTo}"`
  const issuer = `<saml:Issuer>${said.issuer}</saml:Issuer>`
  const until = said.notOnOrAfter.toISOString()
  const attributes = Object.entries(said.attributes).map(
    ([name, values]) =>
      `<saml:Attribute Name="${name}">${values.map((value) => `<saml:AttributeValue>${value}</saml:AttributeValue>`).join('')}</saml:Attribute>`,
  )
  const assertion = `<saml:Assertion ID="_${randomUUID()}" Version="2.0" IssueInstant="${now}">${issuer}
<saml:Subject><saml:NameID Format="${said.nameIdFormat}">${said.nameId}</saml:NameID>
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">
<saml:SubjectConfirmationData NotOnOrAfter="${until}" Recipient="${said.recipient}" ${inResponseTo}/></saml:SubjectConfirmation></saml:Subject>
<saml:Conditions NotBefore="${now}" NotOnOrAfter="${until}"><saml:AudienceRestriction><saml:Audience>${said.audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>
<saml:AuthnStatement AuthnInstant="${said.authnInstant.toISOString()}" SessionIndex="${said.sessionIndex}"><saml:AuthnContext><saml:AuthnContextClassRef>${said.contextClass}</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>
<saml:AttributeStatement>${attributes.join('')}</saml:AttributeStatement></saml:Assertion>`
  return `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_${randomUUID()}" Version="2.0" IssueInstant="${now}" Destination="${said.destination}" ${inResponseTo}>${issuer}<samlp:Status><samlp:StatusCode Value="${said.statusCode}"/></samlp:Status>${assertion}</samlp:Response>`
}

/** Goes through the provider with a browser without scripts; answers what our consumer service says. */
export async function throughProvider(agent: Agent, provider: ForeignProvider, begin?: string): Promise<Response> {
  const away = await agent.follow(await agent.get(begin ?? `/saml/sp/login/${provider.alias}`))
  const location = away.headers.get('location')
  if (location === null) throw new Error(`not sent away: ${away.status} ${await away.text()}`)
  const page = await fetch(location)
  const { action, hidden } = formOf(await page.text())
  return agent.post(action, hidden, { 'sec-fetch-site': 'cross-site', origin: provider.site.origin })
}
