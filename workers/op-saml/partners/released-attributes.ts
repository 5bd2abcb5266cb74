import type { ReleasedAttribute } from '../../../shared/protocol/saml-partner.ts'

const format = 'urn:oasis:names:tc:SAML:2.0:attrname-format:'

/** What partners are told unless the operator says otherwise: source, friendly or basic name, name as a URI. */
const usual = [
  ['email', 'mail', 'urn:oid:0.9.2342.19200300.100.1.3'],
  ['name', 'displayName', 'urn:oid:2.16.840.1.113730.3.1.241'],
  ['given_name', 'givenName', 'urn:oid:2.5.4.42'],
  ['family_name', 'sn', 'urn:oid:2.5.4.4'],
  ['groups', 'groups', 'urn:oid:1.3.6.1.4.1.5923.1.5.1.1'],
] as const

/** The usual attributes in both ways to write their names (SAML Core §8.2; the URIs are those of LDAP). */
export const attributeNames: Readonly<Record<'uri' | 'basic', ReleasedAttribute[]>> = {
  uri: usual.map(([source, friendlyName, name]) => ({ source, name, nameFormat: `${format}uri`, friendlyName })),
  basic: usual.map(([source, name]) => ({ source, name, nameFormat: `${format}basic` })),
}
