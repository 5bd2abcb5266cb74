import type { Element } from './xml/types/xmldom.d.ts'
import { ns } from './xml/namespaces.ts'
import { attributeOf, requiredText } from './xml/read.ts'
import { element, type Markup } from './xml/write.ts'

/** Name identifier formats, Core §8.3. */
export const nameIdFormats = {
  unspecified: 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified',
  emailAddress: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
  persistent: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
  transient: 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient',
  entity: 'urn:oasis:names:tc:SAML:2.0:nameid-format:entity',
} as const

/** Who an assertion or a logout is about. */
export interface NameId {
  readonly value: string
  readonly format: string
  readonly nameQualifier?: string | undefined
  readonly spNameQualifier?: string | undefined
}

/** @throws OAuthError invalid_request when there is no value. */
export function readNameId(found: Element): NameId {
  return {
    value: requiredText(found),
    format: attributeOf(found, 'Format') ?? nameIdFormats.unspecified,
    nameQualifier: attributeOf(found, 'NameQualifier'),
    spNameQualifier: attributeOf(found, 'SPNameQualifier'),
  }
}

export function nameIdMarkup(nameId: NameId): Markup {
  return element(
    'saml:NameID',
    {
      'xmlns:saml': ns.assertion,
      Format: nameId.format,
      NameQualifier: nameId.nameQualifier,
      SPNameQualifier: nameId.spNameQualifier,
    },
    nameId.value,
  )
}

/** Whether two identifiers name the same person to the same partner; qualifiers left out are those implied. */
export function isSameNameId(one: NameId, other: NameId): boolean {
  const agree = (a: string | undefined, b: string | undefined) => a === undefined || b === undefined || a === b
  return (
    one.value === other.value &&
    one.format === other.format &&
    agree(one.nameQualifier, other.nameQualifier) &&
    agree(one.spNameQualifier, other.spNameQualifier)
  )
}
