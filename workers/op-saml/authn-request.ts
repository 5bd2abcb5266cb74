import type { Element } from './xml/types/xmldom.d.ts'
import { invalidRequest } from '../../shared/protocol/error.ts'
import { element, type Markup } from './xml/write.ts'
import { type Envelope, readEnvelope } from './envelope.ts'
import { type NameId, nameIdFormats, readNameId } from './name-id.ts'
import { dateTime } from './time.ts'
import { ns } from './xml/namespaces.ts'
import { attributeOf, childOf, childrenOf, tokenOf } from './xml/read.ts'

export type Comparison = 'exact' | 'minimum' | 'maximum' | 'better'

/** What a service provider asks for, Core §3.4.1. */
export interface AuthnRequest extends Envelope {
  readonly issuer: string
  readonly forceAuthn: boolean
  readonly isPassive: boolean
  readonly acsUrl: string | undefined
  readonly acsIndex: number | undefined
  readonly binding: string | undefined
  readonly nameIdFormat: string | undefined
  readonly spNameQualifier: string | undefined
  readonly allowCreate: boolean
  readonly contexts: { readonly comparison: Comparison; readonly classes: readonly string[] } | undefined
  /** Whom the answer has to be about. */
  readonly subject: NameId | undefined
}

/** @throws OAuthError invalid_request */
export function readAuthnRequest(message: Element): AuthnRequest {
  const envelope = readEnvelope(message, 'AuthnRequest')
  if (envelope.issuer === undefined) throw invalidRequest('Issuer is missing')
  const policy = childOf(message, ns.protocol, 'NameIDPolicy')
  const format = policy && attributeOf(policy, 'Format')
  const subject = childOf(message, ns.assertion, 'Subject')
  const subjectName = subject && childOf(subject, ns.assertion, 'NameID')
  return {
    ...envelope,
    issuer: envelope.issuer,
    forceAuthn: readBoolean(message, 'ForceAuthn'),
    isPassive: readBoolean(message, 'IsPassive'),
    acsUrl: attributeOf(message, 'AssertionConsumerServiceURL'),
    acsIndex: readIndex(message),
    binding: attributeOf(message, 'ProtocolBinding'),
    nameIdFormat: format === nameIdFormats.unspecified ? undefined : format,
    spNameQualifier: policy && attributeOf(policy, 'SPNameQualifier'),
    allowCreate: policy ? readBoolean(policy, 'AllowCreate') : true,
    contexts: readContexts(message),
    subject: subjectName && readNameId(subjectName),
  }
}

function readContexts(message: Element): AuthnRequest['contexts'] {
  const requested = childOf(message, ns.protocol, 'RequestedAuthnContext')
  if (!requested) return undefined
  const comparison = attributeOf(requested, 'Comparison') ?? 'exact'
  if (!isComparison(comparison)) throw invalidRequest('Comparison is unknown')
  // Declarations are named in the same way, and none of them is known.
  const references = ['AuthnContextClassRef', 'AuthnContextDeclRef']
  const classes = references.flatMap((name) => childrenOf(requested, ns.assertion, name).map(tokenOf))
  return { comparison, classes }
}

function isComparison(text: string): text is Comparison {
  return text === 'exact' || text === 'minimum' || text === 'maximum' || text === 'better'
}

function readBoolean(found: Element, name: string): boolean {
  const text = attributeOf(found, name) ?? 'false'
  if (!['true', '1', 'false', '0'].includes(text)) throw invalidRequest(`${name} is no boolean`)
  return text === 'true' || text === '1'
}

function readIndex(message: Element): number | undefined {
  const text = attributeOf(message, 'AssertionConsumerServiceIndex')
  if (text === undefined) return undefined
  if (!/^\d{1,5}$/.test(text)) throw invalidRequest('AssertionConsumerServiceIndex is no number')
  return Number(text)
}

/** A request of ours, as a service provider. `now` in seconds. */
export function authnRequestMarkup(request: {
  readonly id: string
  readonly issuer: string
  readonly destination: string
  readonly acsUrl: string
  readonly nameIdFormat?: string | undefined
  readonly forceAuthn?: boolean
  readonly isPassive?: boolean
  readonly now: number
}): Markup {
  return element(
    'samlp:AuthnRequest',
    {
      'xmlns:samlp': ns.protocol,
      'xmlns:saml': ns.assertion,
      ID: request.id,
      Version: '2.0',
      IssueInstant: dateTime(request.now),
      Destination: request.destination,
      ForceAuthn: request.forceAuthn ? 'true' : undefined,
      IsPassive: request.isPassive ? 'true' : undefined,
      AssertionConsumerServiceURL: request.acsUrl,
      ProtocolBinding: 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST',
    },
    element('saml:Issuer', {}, request.issuer),
    element('samlp:NameIDPolicy', { Format: request.nameIdFormat, AllowCreate: 'true' }),
  )
}
