import type { Element } from './xml/types/xmldom.d.ts'
import { invalidRequest } from '../../shared/protocol/error.ts'
import { type Envelope, messageLifetime, readEnvelope } from './envelope.ts'
import { type NameId, nameIdMarkup, readNameId } from './name-id.ts'
import { type Status, readStatus } from './status.ts'
import { dateTime, readDateTime, tolerance } from './time.ts'
import { ns } from './xml/namespaces.ts'
import { attributeOf, childrenOf, requiredChild, tokenOf } from './xml/read.ts'
import { element, type Markup } from './xml/write.ts'

/** Who is to be signed out, Core §3.7.1. */
export interface LogoutRequest extends Envelope {
  readonly issuer: string
  readonly nameId: NameId
  /** Empty: every session of the person with the partner. */
  readonly sessionIndexes: readonly string[]
}

/**
 * Reads a request to sign somebody out.
 * @throws OAuthError invalid_request, also when it is too late for it.
 */
export function readLogoutRequest(message: Element, now: number): LogoutRequest {
  const envelope = readEnvelope(message, 'LogoutRequest')
  if (envelope.issuer === undefined) throw invalidRequest('Issuer is missing')
  const until = attributeOf(message, 'NotOnOrAfter')
  if (until !== undefined && readDateTime(until) + tolerance <= now) throw invalidRequest('the message is too old')
  return {
    ...envelope,
    issuer: envelope.issuer,
    nameId: readNameId(requiredChild(message, ns.assertion, 'NameID')),
    sessionIndexes: childrenOf(message, ns.protocol, 'SessionIndex').map(tokenOf),
  }
}

export interface LogoutResponse extends Envelope {
  readonly issuer: string
  readonly inResponseTo: string
  readonly status: Status
}

/** @throws OAuthError invalid_request */
export function readLogoutResponse(message: Element): LogoutResponse {
  const envelope = readEnvelope(message, 'LogoutResponse')
  const { issuer, inResponseTo } = envelope
  if (issuer === undefined || inResponseTo === undefined) throw invalidRequest('Issuer or InResponseTo is missing')
  return { ...envelope, issuer, inResponseTo, status: readStatus(message) }
}

export interface LogoutFacts {
  readonly id: string
  readonly issuer: string
  readonly destination: string
  readonly nameId: NameId
  readonly sessionIndex: string | undefined
  /** Seconds. */
  readonly now: number
}

/** A request of ours to sign somebody out. */
export function logoutRequestMarkup(facts: LogoutFacts): Markup {
  return element(
    'samlp:LogoutRequest',
    {
      'xmlns:samlp': ns.protocol,
      'xmlns:saml': ns.assertion,
      ID: facts.id,
      Version: '2.0',
      IssueInstant: dateTime(facts.now),
      Destination: facts.destination,
      NotOnOrAfter: dateTime(facts.now + messageLifetime),
      Reason: 'urn:oasis:names:tc:SAML:2.0:logout:user',
    },
    element('saml:Issuer', {}, facts.issuer),
    nameIdMarkup(facts.nameId),
    facts.sessionIndex === undefined ? undefined : element('samlp:SessionIndex', {}, facts.sessionIndex),
  )
}
