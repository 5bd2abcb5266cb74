import type { Element } from './xml/types/xmldom.d.ts'
import { invalidRequest } from '../../shared/protocol/error.ts'
import { nameIdFormats } from './name-id.ts'
import { readDateTime, tolerance } from './time.ts'
import { ns } from './xml/namespaces.ts'
import { attributeOf, childOf, isNamed, requiredAttribute, tokenOf } from './xml/read.ts'

/** Messages live for minutes; older ones are refused, and their ids are remembered for as long. Seconds. */
export const messageLifetime = 300

/** What every protocol message has (Core §3.2.1, §3.2.2). */
export interface Envelope {
  readonly id: string
  /** Seconds. */
  readonly issueInstant: number
  readonly issuer: string | undefined
  readonly destination: string | undefined
  readonly inResponseTo: string | undefined
}

/**
 * Reads a message of this name.
 * @throws OAuthError invalid_request for other messages and versions.
 */
export function readEnvelope(message: Element, name: string): Envelope {
  if (!isNamed(message, ns.protocol, name)) throw invalidRequest(`${name} is expected`)
  if (requiredAttribute(message, 'Version') !== '2.0') throw invalidRequest('SAML 2.0 is expected')
  return {
    id: readId(message),
    issueInstant: readDateTime(requiredAttribute(message, 'IssueInstant')),
    issuer: readIssuer(message),
    destination: attributeOf(message, 'Destination'),
    inResponseTo: attributeOf(message, 'InResponseTo'),
  }
}

/** An `xs:ID` of a length that can be stored. @throws OAuthError invalid_request */
export function readId(element: Element): string {
  const id = requiredAttribute(element, 'ID')
  if (!/^[A-Za-z_][\w.-]{0,255}$/.test(id)) throw invalidRequest('ID is not well-formed')
  return id
}

/** The entity id of the sender: an `Issuer` without a format or with that of entities (Core §2.2.5). */
export function readIssuer(element: Element): string | undefined {
  const issuer = childOf(element, ns.assertion, 'Issuer')
  if (!issuer) return undefined
  if ((attributeOf(issuer, 'Format') ?? nameIdFormats.entity) !== nameIdFormats.entity)
    throw invalidRequest('Issuer has another format than that of entities')
  return tokenOf(issuer) || undefined
}

/**
 * Whether a message was meant for this address and is of now (Core §3.2.1, Bindings §3.4.5.2, §3.5.5.2).
 * @throws OAuthError invalid_request
 */
export function checkEnvelope(
  envelope: Envelope,
  expected: { readonly addresses: readonly string[]; readonly isSigned: boolean; readonly now: number },
): void {
  const { destination, issueInstant } = envelope
  if (destination === undefined && expected.isSigned) throw invalidRequest('a signed message needs a Destination')
  if (destination !== undefined && !expected.addresses.includes(destination))
    throw invalidRequest('Destination is another address', destination)
  if (issueInstant > expected.now + tolerance) throw invalidRequest('the message is of the future')
  if (issueInstant <= expected.now - messageLifetime - tolerance) throw invalidRequest('the message is too old')
}
