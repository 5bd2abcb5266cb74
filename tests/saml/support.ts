import { randomUUID, sign } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { type Profile, SAML, type SamlConfig } from '@node-saml/node-saml'
import type { ServiceProvider } from '../../shared/protocol/saml-partner.ts'
import { testKeys } from '../../workers/op-saml/testing/keys.ts'
import { type Agent, formOf } from '../support/agent.ts'
import { openSite, type Site } from '../support/site.ts'
import type { System } from '../support/system.ts'

export const post = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST'
export const redirect = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect'
export const format = (name: string) => `urn:oasis:names:tc:SAML:2.0:nameid-format:${name}`
export const emailFormat = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress'
const basic = 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic'

/** A service provider that none of us wrote, with a site of its own and a row in our table. */
export interface TestPartner {
  readonly saml: SAML
  readonly site: Site
  readonly record: ServiceProvider
  /** Changes the row. */
  change(change: Partial<ServiceProvider>): Promise<void>
  close(): Promise<void>
}

export interface PartnerOptions {
  readonly record?: Partial<ServiceProvider>
  readonly saml?: Partial<SamlConfig>
  /** Signs its requests with this key; null leaves them unsigned. */
  readonly key?: keyof typeof testKeys | null
}

export async function addPartner(system: System, options: PartnerOptions = {}): Promise<TestPartner> {
  const site = await openSite()
  const { key = 'partner' } = options
  const alias = `sp-${randomUUID().slice(0, 8)}`
  const record: ServiceProvider = {
    v: 1,
    revision: 1,
    createdAt: Math.floor(Date.now() / 1000),
    role: 'sp',
    entityId: `${site.origin}/metadata`,
    alias,
    name: 'Payroll',
    enabled: true,
    signingCertificates: key ? [testKeys[key].certificate] : [],
    encryptionCertificates: [],
    acs: [
      { url: `${site.origin}/acs`, binding: post, index: 0, isDefault: true },
      { url: `${site.origin}/second`, binding: post, index: 7, isDefault: false },
    ],
    slo: [{ url: `${site.origin}/slo`, binding: redirect }],
    authnRequestsSigned: key !== null,
    metadataSigners: [],
    idpInitiated: false,
    nameIdFormat: format('persistent'),
    attributes: ['email', 'name', 'given_name', 'family_name', 'groups'].map((source) => ({
      source,
      name: source,
      nameFormat: basic,
    })),
    signResponse: false,
    signAssertion: true,
    encryptAssertion: false,
    ...options.record,
  }
  await store(system, record)
  const saml = new SAML({
    entryPoint: `${system.issuer}/saml/idp/sso`,
    logoutUrl: `${system.issuer}/saml/idp/slo`,
    issuer: record.entityId,
    audience: record.entityId,
    callbackUrl: `${site.origin}/acs`,
    idpCert: await idpCertificates(system),
    identifierFormat: null,
    disableRequestedAuthnContext: true,
    wantAuthnResponseSigned: false,
    signatureAlgorithm: 'sha256',
    digestAlgorithm: 'sha256',
    ...(key && { privateKey: pem('PRIVATE KEY', testKeys[key].privateKey) }),
    ...options.saml,
  })
  return {
    saml,
    site,
    record,
    change: (change) => store(system, { ...record, ...change }),
    close: () => site.close(),
  }
}

async function store(system: System, record: ServiceProvider): Promise<void> {
  const { db } = system
  await db
    .prepare(
      `INSERT OR REPLACE INTO saml_partners (role, entity_id, alias, name, enabled, button, refresh_at, record, revision)
       VALUES ('sp', ?, ?, ?, ?, 0, NULL, ?, ?)`,
    )
    .bind(record.entityId, record.alias, record.name, record.enabled ? 1 : 0, JSON.stringify(record), record.revision)
    .run()
}

/** Our certificates as our metadata has them. */
export async function idpCertificates(system: System): Promise<string[]> {
  const metadata = await (await fetch(`${system.issuer}/saml/idp/metadata`)).text()
  const body = metadata.replace(/<ds:Signature .*?<\/ds:Signature>/s, '')
  return [...body.matchAll(/<ds:X509Certificate>([^<]*)</g)].map(([, certificate = '']) => certificate)
}

export function pem(label: string, base64: string): string {
  return `-----BEGIN ${label}-----\n${base64.replaceAll(/.{64}/g, '$&\n')}\n-----END ${label}-----\n`
}

/** The address of a request, signed where the partner has a key. */
export async function requestAddress({ saml }: TestPartner, relayState = ''): Promise<string> {
  return saml.getAuthorizeUrlAsync(relayState, undefined, {})
}

export interface Answer {
  readonly action: string
  readonly response: string
  readonly xml: string
  readonly relayState: string | undefined
}

/** What the page that posts to the partner carries. */
export async function answerOf(page: Response): Promise<Answer> {
  const { action, hidden } = formOf(await page.text())
  const response = hidden['SAMLResponse'] ?? ''
  return { action, response, xml: Buffer.from(response, 'base64').toString(), relayState: hidden['RelayState'] }
}

/** Signs on with an agent, whoever is signed in; answers what the partner gets. */
export async function signOn(agent: Agent, address: string): Promise<Answer> {
  return answerOf(await agent.follow(await agent.get(address)))
}

/** Who the partner believes has come. */
export async function profileOf(partner: TestPartner, answer: Answer): Promise<Profile> {
  const { profile } = await partner.saml.validatePostResponseAsync({ SAMLResponse: answer.response })
  if (!profile) throw new Error('nobody has come')
  return profile
}

/** The status codes of a response, without their common prefix. */
export function statusOf({ xml }: Answer): string[] {
  return [...xml.matchAll(/StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:(\w+)"/g)].map(([, name = '']) => name)
}

/** A request by hand, for what no library sends. */
export interface CraftedRequest {
  readonly id?: string
  readonly issuer?: string
  readonly destination?: string | null
  readonly issueInstant?: string
  readonly version?: string
  /** More attributes of the request, and what is in it after the Issuer. */
  readonly attributes?: string
  readonly content?: string
  readonly relayState?: string
  /** Signs with this key; null leaves it unsigned. */
  readonly key?: keyof typeof testKeys | null
}

export function requestXml(system: System, partner: TestPartner, request: CraftedRequest = {}): string {
  const { id = `_${randomUUID()}`, issuer = partner.record.entityId, version = '2.0' } = request
  const destination = request.destination === undefined ? `${system.issuer}/saml/idp/sso` : request.destination
  const issueInstant = request.issueInstant ?? new Date().toISOString()
  return `<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${id}" Version="${version}" IssueInstant="${issueInstant}"${destination === null ? '' : ` Destination="${destination}"`} ${request.attributes ?? ''}><saml:Issuer>${issuer}</saml:Issuer>${request.content ?? ''}</samlp:AuthnRequest>`
}

/** The address of a request by hand, signed as the Redirect binding has it. */
export function craftedAddress(system: System, partner: TestPartner, request: CraftedRequest = {}): string {
  return redirectAddress(`${system.issuer}/saml/idp/sso`, 'SAMLRequest', requestXml(system, partner, request), request)
}

export function redirectAddress(
  destination: string,
  parameter: 'SAMLRequest' | 'SAMLResponse',
  xml: string,
  { relayState, key = 'partner' }: { readonly relayState?: string; readonly key?: keyof typeof testKeys | null },
): string {
  const message = encodeURIComponent(deflateRawSync(xml).toString('base64'))
  const relay = relayState === undefined ? '' : `&RelayState=${encodeURIComponent(relayState)}`
  if (key === null) return `${destination}?${parameter}=${message}${relay}`
  const algorithm = encodeURIComponent('http://www.w3.org/2001/04/xmldsig-more#rsa-sha256')
  const query = `${parameter}=${message}${relay}&SigAlg=${algorithm}`
  const signature = sign('sha256', Buffer.from(query), pem('PRIVATE KEY', testKeys[key].privateKey)).toString('base64')
  return `${destination}?${query}&Signature=${encodeURIComponent(signature)}`
}
