import { type AssertionFacts, assertionMarkup } from '../assertion.ts'
import { decodeBase64 } from '../base64.ts'
import { nameIdFormats } from '../name-id.ts'
import { type ResponseExpectation, readResponse, type ReceivedResponse } from '../received-response.ts'
import { responseMarkup } from '../response.ts'
import { type SamlSigner, signed } from '../sign.ts'
import { statusMarkup } from '../status.ts'
import { parseXml } from '../xml/parse.ts'
import { type Raw, writeXml } from '../xml/write.ts'
import { testKeys } from './keys.ts'

export const now = 1_795_000_000
export const idp = 'https://idp.example/metadata'
export const sp = 'https://id.example.com/saml/sp'
export const acs = 'https://id.example.com/saml/sp/acs'
export const requestId = '_request'

/** A key of the tests, ready to sign. */
export async function signerOf(name: 'partner' | 'partner2' | 'stranger'): Promise<SamlSigner> {
  const { privateKey, certificate } = testKeys[name]
  const scheme = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  return {
    key: await crypto.subtle.importKey('pkcs8', decodeBase64(privateKey), scheme, false, ['sign']),
    certificate,
  }
}

/** What the partner says, unless a test has it say something else. */
export function facts(other: Partial<AssertionFacts> = {}): AssertionFacts {
  return {
    id: '_assertion',
    issuer: idp,
    audience: sp,
    recipient: acs,
    inResponseTo: requestId,
    nameId: { value: 'ada@example.com', format: nameIdFormats.emailAddress },
    attributes: [
      { name: 'mail', nameFormat: 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic', values: ['ada@example.com'] },
      { name: 'groups', nameFormat: 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic', values: ['staff', 'maths'] },
    ],
    sessionIndex: '_session',
    authnInstant: now - 5,
    sessionEndsAt: now + 3600,
    contextClass: 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
    now,
    ...other,
  }
}

export interface PeerResponse {
  readonly assertion?: Partial<AssertionFacts>
  readonly signAssertion?: boolean
  readonly signResponse?: boolean
  readonly signer?: SamlSigner
  readonly destination?: string
  readonly inResponseTo?: string | undefined
  readonly now?: number
  readonly status?: ReturnType<typeof statusMarkup>
  /** Instead of the assertion. */
  readonly content?: Raw
}

/** A response as an identity provider sends it: by default with a signed assertion. */
export async function peerResponse(options: PeerResponse = {}): Promise<string> {
  const signer = options.signer ?? (await signerOf('partner'))
  const markup = assertionMarkup(facts(options.assertion))
  const assertion = options.content ?? (options.signAssertion === false ? markup : await signed(markup, signer))
  const response = responseMarkup(
    'Response',
    {
      id: '_response',
      issuer: idp,
      destination: options.destination ?? acs,
      inResponseTo: 'inResponseTo' in options ? options.inResponseTo : requestId,
      status: options.status ?? statusMarkup('Success'),
      now: options.now ?? now,
    },
    assertion,
  )
  return options.signResponse ? (await signed(response, signer)).raw : writeXml(response)
}

export function expectation(other: Partial<ResponseExpectation> = {}): ResponseExpectation {
  return {
    issuer: idp,
    audience: sp,
    recipient: acs,
    requestId,
    now,
    certificates: [testKeys.partner.certificate],
    unwrap: undefined,
    ...other,
  }
}

/** Reads as our consumer service does. */
export async function receive(xml: string, other: Partial<ResponseExpectation> = {}): Promise<ReceivedResponse> {
  return readResponse(parseXml(xml), expectation(other))
}

/** Who is believed to have come; throws when nobody is. */
export async function believed(xml: string, other: Partial<ResponseExpectation> = {}): Promise<string> {
  const read = await receive(xml, other)
  return 'refused' in read ? `refused ${read.refused.top}` : read.assertion.nameId.value
}
