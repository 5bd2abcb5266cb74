import { type NameId, nameIdMarkup } from './name-id.ts'
import { dateTime } from './time.ts'
import { ns } from './xml/namespaces.ts'
import { element, type Markup } from './xml/write.ts'

/** A response is picked up at once; five minutes allow for clocks and slow browsers (Profiles §4.1.4.2). Seconds. */
export const assertionLifetime = 300

/** A partner's clock may be behind ours. Seconds. */
const earlier = 60

/** An attribute with the values that a person has for it. */
export interface Attribute {
  readonly name: string
  readonly nameFormat: string
  readonly friendlyName?: string | undefined
  readonly values: readonly string[]
}

export interface AssertionFacts {
  readonly id: string
  /** Our entity id. */
  readonly issuer: string
  readonly audience: string
  /** The consumer service that the response goes to. */
  readonly recipient: string
  /** The request it answers; none when it was nobody's wish but ours. */
  readonly inResponseTo: string | undefined
  readonly nameId: NameId
  readonly attributes: readonly Attribute[]
  readonly sessionIndex: string
  /** Seconds, like all times here. */
  readonly authnInstant: number
  readonly sessionEndsAt: number
  readonly contextClass: string
  readonly now: number
}

/** An assertion for Web Browser SSO, Profiles §4.1.4.2: one bearer, one audience. */
export function assertionMarkup(facts: AssertionFacts): Markup {
  const endsAt = dateTime(facts.now + assertionLifetime)
  return element(
    'saml:Assertion',
    { 'xmlns:saml': ns.assertion, ID: facts.id, Version: '2.0', IssueInstant: dateTime(facts.now) },
    element('saml:Issuer', {}, facts.issuer),
    element(
      'saml:Subject',
      {},
      nameIdMarkup(facts.nameId),
      element(
        'saml:SubjectConfirmation',
        { Method: 'urn:oasis:names:tc:SAML:2.0:cm:bearer' },
        element('saml:SubjectConfirmationData', {
          InResponseTo: facts.inResponseTo,
          NotOnOrAfter: endsAt,
          Recipient: facts.recipient,
        }),
      ),
    ),
    element(
      'saml:Conditions',
      { NotBefore: dateTime(facts.now - earlier), NotOnOrAfter: endsAt },
      element('saml:AudienceRestriction', {}, element('saml:Audience', {}, facts.audience)),
    ),
    element(
      'saml:AuthnStatement',
      {
        AuthnInstant: dateTime(facts.authnInstant),
        SessionIndex: facts.sessionIndex,
        SessionNotOnOrAfter: dateTime(facts.sessionEndsAt),
      },
      element('saml:AuthnContext', {}, element('saml:AuthnContextClassRef', {}, facts.contextClass)),
    ),
    facts.attributes.length > 0
      ? element('saml:AttributeStatement', {}, ...facts.attributes.map(attributeMarkup))
      : undefined,
  )
}

function attributeMarkup({ name, nameFormat, friendlyName, values }: Attribute): Markup {
  return element(
    'saml:Attribute',
    { Name: name, NameFormat: nameFormat, FriendlyName: friendlyName },
    ...values.map((value) => element('saml:AttributeValue', {}, value)),
  )
}
