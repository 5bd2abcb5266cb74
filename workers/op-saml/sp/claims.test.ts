import { expect, test } from 'vitest'
import { foreignPerson } from './claims.ts'

const soap = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/'
const unmapped = { attributeMap: {} }

test('the names that Google, Entra ID, Okta and LDAP use are understood', () => {
  const expected = {
    email: 'ada@a.example',
    subject: undefined,
    claims: { given_name: 'Ada', family_name: 'Lovelace' },
  }
  const products = [
    { email: ['ada@a.example'], givenName: ['Ada'], surname: ['Lovelace'] },
    { [`${soap}emailaddress`]: ['ada@a.example'], [`${soap}givenname`]: ['Ada'], [`${soap}surname`]: ['Lovelace'] },
    { email: ['ada@a.example'], firstName: ['Ada'], lastName: ['Lovelace'] },
    {
      'urn:oid:0.9.2342.19200300.100.1.3': ['ada@a.example'],
      'urn:oid:2.5.4.42': ['Ada'],
      'urn:oid:2.5.4.4': ['Lovelace'],
    },
  ]
  for (const attributes of products) expect(foreignPerson(attributes, unmapped)).toEqual(expected)
})

test('a mapped attribute counts instead of the usual ones, also when it is missing', () => {
  const attributes = { mail: ['usual@a.example'], Mailbox: ['mapped@a.example'], id: ['4711'] }
  expect(foreignPerson(attributes, { attributeMap: { email: 'Mailbox', subject: 'id' } })).toEqual({
    email: 'mapped@a.example',
    subject: '4711',
    claims: {},
  })
  expect(foreignPerson(attributes, { attributeMap: { email: 'nothing' } }).email).toBeUndefined()
})

test('groups are taken where the operator says so, a list with an end; texts that are empty or endless are left out', () => {
  const groups = Array.from({ length: 500 }, (_, index) => `group-${index}`)
  const attributes = { groups, memberOf: groups, displayName: ['x'.repeat(5000)], sn: [' '] }
  expect(foreignPerson(attributes, unmapped).claims).toEqual({})
  const { claims } = foreignPerson(attributes, { attributeMap: { groups: 'groups' } })
  expect(claims).toEqual({ groups: groups.slice(0, 200) })
})

test('nothing that we find out ourselves can be said by an attribute', () => {
  const attributes = { email_verified: ['true'], sub: ['admin'], disabled: ['false'], constructor: ['x'] }
  expect(foreignPerson(attributes, unmapped)).toEqual({ email: undefined, subject: undefined, claims: {} })
})
