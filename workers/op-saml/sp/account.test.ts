import { describe, expect, test } from 'vitest'
import type { User } from '../../../shared/stores/users.ts'
import { nameIdFormats } from '../name-id.ts'
import { type Situation, addressIn, decideAccount, lastingId } from './account.ts'

const ada: User = {
  sub: 'ada',
  username: undefined,
  email: 'ada@acme.example',
  emailVerified: true,
  claims: {},
  disabled: false,
  createdAt: 0,
  updatedAt: 0,
}
const open: Situation = {
  partner: { domains: ['acme.example'], linkBy: 'verified_email', createUsers: true },
  linked: undefined,
  email: 'ada@acme.example',
  owner: undefined,
}

describe('whose account it is (SML-20)', () => {
  test('what was linked counts, whatever the address is now and whatever the rules have become', () => {
    const strict: Situation['partner'] = { domains: [], linkBy: 'never', createUsers: false }
    const situation = { ...open, partner: strict, linked: ada, email: 'other@evil.example' }
    expect(decideAccount(situation)).toEqual({ account: ada, link: false })
  })

  test('an address links only by rule, by a domain of the provider, and once it is proven here', () => {
    expect(decideAccount({ ...open, owner: ada })).toEqual({ account: ada, link: true })
    const refused = [
      { ...open, owner: { ...ada, emailVerified: false } },
      { ...open, owner: ada, partner: { ...open.partner, domains: [] } },
      { ...open, owner: ada, partner: { ...open.partner, domains: ['example'] } },
      { ...open, owner: ada, partner: { ...open.partner, linkBy: 'never' as const } },
      { ...open, owner: ada, email: 'ada@acme.example@evil.example' },
    ]
    for (const situation of refused) expect(decideAccount(situation)).toEqual({ refuse: 'taken' })
  })

  test('a new account has a verified address only where the provider may vouch for it', () => {
    expect(decideAccount(open)).toEqual({ create: { email: 'ada@acme.example', emailVerified: true } })
    expect(decideAccount({ ...open, email: 'Ada@ACME.Example' })).toMatchObject({ create: { emailVerified: true } })
    expect(decideAccount({ ...open, email: 'ada@other.example' })).toMatchObject({ create: { emailVerified: false } })
  })

  test('nobody comes in who is disabled, has no account where none are made, or no address', () => {
    const disabled = { ...ada, disabled: true }
    expect(decideAccount({ ...open, linked: disabled })).toEqual({ refuse: 'disabled' })
    expect(decideAccount({ ...open, owner: disabled })).toEqual({ refuse: 'disabled' })
    expect(decideAccount({ ...open, partner: { ...open.partner, createUsers: false } })).toEqual({
      refuse: 'no_account',
    })
    expect(decideAccount({ ...open, email: undefined })).toEqual({ refuse: 'no_address' })
  })
})

test('an identifier lasts unless it is transient; addresses are the same in any case, others are not', () => {
  const { persistent, transient, emailAddress } = nameIdFormats
  expect(lastingId({ value: 'Ada', format: persistent }, undefined)).toEqual({ format: persistent, nameId: 'Ada' })
  expect(lastingId({ value: 'ADA@a.example', format: emailAddress }, undefined)).toEqual({
    format: emailAddress,
    nameId: 'ada@a.example',
  })
  expect(lastingId({ value: '_1', format: transient }, undefined)).toBeUndefined()
  expect(lastingId({ value: '_1', format: transient }, '4711')).toEqual({ format: 'attribute', nameId: '4711' })
})

test('what is an address', () => {
  expect(addressIn(' ada@acme.example ')).toBe('ada@acme.example')
  for (const text of [
    undefined,
    '',
    'ada',
    '@acme.example',
    'ada@acme',
    'a b@acme.example',
    `${'a'.repeat(300)}@a.example`,
  ])
    expect(addressIn(text)).toBeUndefined()
})
