import { dateTime } from './time.ts'
import { ns } from './xml/namespaces.ts'
import { element, type Markup, type Raw } from './xml/write.ts'

export interface ResponseFacts {
  readonly id: string
  readonly issuer: string
  readonly destination: string
  readonly inResponseTo: string | undefined
  readonly status: Markup
  /** Seconds. */
  readonly now: number
}

/** A response with or without an assertion (Core §3.3.3), or to a logout (§3.7.2). */
export function responseMarkup(
  name: 'Response' | 'LogoutResponse',
  facts: ResponseFacts,
  assertion?: Markup | Raw,
): Markup {
  return element(
    `samlp:${name}`,
    {
      'xmlns:samlp': ns.protocol,
      'xmlns:saml': ns.assertion,
      ID: facts.id,
      Version: '2.0',
      IssueInstant: dateTime(facts.now),
      Destination: facts.destination,
      InResponseTo: facts.inResponseTo,
    },
    element('saml:Issuer', {}, facts.issuer),
    facts.status,
    assertion,
  )
}

/** An id for a message or an assertion: 128 random bits, in the form of `xs:ID` (Core §1.3.4). */
export function newId(): string {
  const octets = crypto.getRandomValues(new Uint8Array(16))
  return `_${[...octets].map((octet) => octet.toString(16).padStart(2, '0')).join('')}`
}
