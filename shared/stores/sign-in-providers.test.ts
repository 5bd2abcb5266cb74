import { expect, test } from 'vitest'
import { providerOf } from './sign-in-providers.ts'

const acme = { alias: 'acme', name: 'Acme', button: false, domains: ['acme.example', 'acme.test'] }

test('an address, a domain and any case of it lead to the provider of the domain', () => {
  for (const identifier of ['ada@acme.example', ' Ada@ACME.example ', 'acme.test', '@acme.test', 'a@b@acme.test'])
    expect(providerOf([acme], identifier)).toBe(acme)
})

test('other domains, subdomains and user names lead nowhere', () => {
  for (const identifier of ['ada@other.example', 'ada@sub.acme.example', 'ada@notacme.example', 'ada', '', 'acme'])
    expect(providerOf([acme], identifier)).toBeUndefined()
})
