import type { IdentityProvider } from '../../../shared/protocol/saml-partner.ts'

/** Longest text of a claim, and the most groups that are kept. */
const longest = 2048
const mostGroups = 200

const soap = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/'

/**
 * What the common products call the attributes, where the operator names none; the first that is there counts. Groups are
 * not among them: applications give rights by their names, so that the operator decides whose names are believed.
 */
const usualNames: Readonly<Record<string, readonly string[]>> = {
  email: ['mail', 'email', 'Email', 'emailAddress', 'urn:oid:0.9.2342.19200300.100.1.3', `${soap}emailaddress`],
  name: [
    'displayName',
    'name',
    'urn:oid:2.16.840.1.113730.3.1.241',
    'http://schemas.microsoft.com/identity/claims/displayname',
  ],
  given_name: ['givenName', 'firstName', 'FirstName', 'urn:oid:2.5.4.42', `${soap}givenname`],
  family_name: ['sn', 'surname', 'lastName', 'LastName', 'urn:oid:2.5.4.4', `${soap}surname`],
}

type Attributes = Readonly<Record<string, readonly string[]>>

/** What an identity provider says about somebody, in our words. */
export interface ForeignPerson {
  readonly email: string | undefined
  /** The value that stands for the person in place of the name identifier, where the operator named its attribute. */
  readonly subject: string | undefined
  readonly claims: Readonly<Record<string, string | readonly string[]>>
}

/** Reads attributes by the partner's map, and by their usual names where it says nothing. */
export function foreignPerson(
  attributes: Attributes,
  { attributeMap }: Pick<IdentityProvider, 'attributeMap'>,
): ForeignPerson {
  const mapped: Readonly<Record<string, string | undefined>> = attributeMap
  const claims: Record<string, string | readonly string[]> = {}
  for (const claim of new Set([...Object.keys(usualNames), ...Object.keys(attributeMap)])) {
    const values = valuesOf(attributes, mapped[claim], usualNames[claim] ?? [])
    if (claim === 'groups' && values.length > 0) claims['groups'] = values.slice(0, mostGroups)
    else if (values[0] !== undefined) claims[claim] = values[0]
  }
  const { email, subject, ...others } = claims
  return { email: textOf(email), subject: textOf(subject), claims: others }
}

function valuesOf(attributes: Attributes, mapped: string | undefined, usual: readonly string[]): string[] {
  const names = mapped === undefined ? usual : [mapped]
  const name = names.find((each) => Object.hasOwn(attributes, each))
  const values = name === undefined ? [] : (attributes[name] ?? [])
  return values.map((value) => value.trim()).filter((value) => value !== '' && value.length <= longest)
}

function textOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}
