import type { Element } from './xml/types/xmldom.d.ts'
import { invalidRequest } from '../../shared/protocol/error.ts'
import { readId, readIssuer } from './envelope.ts'
import { type NameId, readNameId } from './name-id.ts'
import { readDateTime, tolerance } from './time.ts'
import { ns } from './xml/namespaces.ts'
import {
  attributeOf,
  childOf,
  childToken,
  childrenOf,
  elementsOf,
  isNamed,
  requiredAttribute,
  requiredChild,
  textOf,
  tokenOf,
} from './xml/read.ts'

/** What an assertion has to say to be of any use to us. */
export interface Expectation {
  /** Entity id of the identity provider. */
  readonly issuer: string
  /** Our own. */
  readonly audience: string
  /** The address of our consumer service. */
  readonly recipient: string
  /** The request of ours that this browser carries; undefined where the identity provider may begin. */
  readonly requestId: string | undefined
  /** Seconds. */
  readonly now: number
}

export interface ReceivedAssertion {
  readonly id: string
  readonly issuer: string
  readonly nameId: NameId
  readonly sessionIndex: string | undefined
  /** Seconds, like all times here. */
  readonly authnInstant: number
  readonly sessionEndsAt: number | undefined
  readonly contextClass: string | undefined
  readonly attributes: ReadonlyMap<string, readonly string[]>
  /** Until then its id has to be remembered. */
  readonly expiresAt: number
}

/**
 * Checks and reads an assertion whose signature was verified, Profiles §4.1.4.3.
 * @throws OAuthError invalid_request naming what is wrong.
 */
export function readAssertion(assertion: Element, expected: Expectation): ReceivedAssertion {
  if (!isNamed(assertion, ns.assertion, 'Assertion')) throw invalidRequest('an assertion is expected')
  if (requiredAttribute(assertion, 'Version') !== '2.0') throw invalidRequest('SAML 2.0 is expected')
  if (readDateTime(requiredAttribute(assertion, 'IssueInstant')) > expected.now + tolerance)
    throw invalidRequest('the assertion is of the future')
  const issuer = readIssuer(assertion)
  if (issuer !== expected.issuer) throw invalidRequest('Issuer is another identity provider', issuer)
  const subject = requiredChild(assertion, ns.assertion, 'Subject')
  const confirmedUntil = checkConfirmation(subject, expected)
  const validUntil = checkConditions(assertion, expected)
  const statement = childrenOf(assertion, ns.assertion, 'AuthnStatement')[0]
  if (!statement) throw invalidRequest('AuthnStatement is missing')
  const ends = attributeOf(statement, 'SessionNotOnOrAfter')
  const context = childOf(statement, ns.assertion, 'AuthnContext')
  return {
    id: readId(assertion),
    issuer,
    nameId: readNameId(requiredChild(subject, ns.assertion, 'NameID')),
    sessionIndex: attributeOf(statement, 'SessionIndex'),
    authnInstant: readDateTime(requiredAttribute(statement, 'AuthnInstant')),
    sessionEndsAt: ends === undefined ? undefined : future(readDateTime(ends), expected.now),
    contextClass: context && childToken(context, ns.assertion, 'AuthnContextClassRef'),
    attributes: readAttributes(assertion),
    expiresAt: Math.max(confirmedUntil, validUntil) + tolerance,
  }
}

/** One bearer confirmation for this address, this request and this moment is enough; answers when it ends. */
function checkConfirmation(subject: Element, expected: Expectation): number {
  const problems: string[] = []
  for (const confirmation of childrenOf(subject, ns.assertion, 'SubjectConfirmation')) {
    if (attributeOf(confirmation, 'Method') !== 'urn:oasis:names:tc:SAML:2.0:cm:bearer') continue
    const data = requiredChild(confirmation, ns.assertion, 'SubjectConfirmationData')
    const until = readDateTime(requiredAttribute(data, 'NotOnOrAfter'))
    const problem = confirmationProblem(data, until, expected)
    if (problem === undefined) return until
    problems.push(problem)
  }
  throw invalidRequest(problems[0] ?? 'a bearer confirmation is missing')
}

function confirmationProblem(data: Element, until: number, expected: Expectation): string | undefined {
  if (attributeOf(data, 'Recipient') !== expected.recipient) return 'Recipient is another address'
  if (attributeOf(data, 'NotBefore') !== undefined) return 'a bearer confirmation has no NotBefore'
  if (until + tolerance <= expected.now) return 'the assertion is too old'
  if (attributeOf(data, 'InResponseTo') !== expected.requestId) return 'InResponseTo is another request'
  return undefined
}

/** Core §2.5.1: conditions that are not understood make an assertion worthless. Answers when they end. */
function checkConditions(assertion: Element, expected: Expectation): number {
  const conditions = requiredChild(assertion, ns.assertion, 'Conditions')
  const [from, until] = [attributeOf(conditions, 'NotBefore'), attributeOf(conditions, 'NotOnOrAfter')]
  if (from !== undefined && readDateTime(from) > expected.now + tolerance)
    throw invalidRequest('the assertion is not valid yet')
  const ends = until === undefined ? 0 : readDateTime(until)
  if (until !== undefined && ends + tolerance <= expected.now) throw invalidRequest('the assertion is too old')
  const known = ['AudienceRestriction', 'OneTimeUse', 'ProxyRestriction']
  for (const condition of elementsOf(conditions))
    if (condition.namespaceURI !== ns.assertion || !known.includes(condition.localName))
      throw invalidRequest('a condition is not understood')
  const restrictions = childrenOf(conditions, ns.assertion, 'AudienceRestriction')
  const isForUs = (restriction: Element) =>
    childrenOf(restriction, ns.assertion, 'Audience').some((audience) => tokenOf(audience) === expected.audience)
  if (restrictions.length === 0 || !restrictions.every(isForUs)) throw invalidRequest('Audience is somebody else')
  return ends
}

function readAttributes(assertion: Element): Map<string, string[]> {
  const attributes = new Map<string, string[]>()
  for (const statement of childrenOf(assertion, ns.assertion, 'AttributeStatement'))
    for (const attribute of childrenOf(statement, ns.assertion, 'Attribute')) {
      const name = requiredAttribute(attribute, 'Name')
      const values = childrenOf(attribute, ns.assertion, 'AttributeValue')
        .filter((value) => elementsOf(value).length === 0)
        .map(textOf)
      attributes.set(name, [...(attributes.get(name) ?? []), ...values])
    }
  return attributes
}

function future(time: number, now: number): number {
  if (time + tolerance <= now) throw invalidRequest('the session with the identity provider has ended')
  return time
}
