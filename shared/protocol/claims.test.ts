import { describe, expect, test } from 'vitest'
import { releasedClaims, scopeClaims } from './claims.ts'

const every = Object.fromEntries(
  Object.values(scopeClaims)
    .flat()
    .map((name) => [name, `the ${name}`]),
)

describe('claims that scopes release (OpenID Connect Core §5.4)', () => {
  test('each scope releases its own and no others', () => {
    expect(Object.keys(releasedClaims(every, ['openid', 'email']))).toEqual(['email', 'email_verified'])
    expect(Object.keys(releasedClaims(every, ['phone']))).toEqual(['phone_number', 'phone_number_verified'])
    expect(Object.keys(releasedClaims(every, ['address']))).toEqual(['address'])
    expect(Object.keys(releasedClaims(every, ['profile']))).toHaveLength(14)
    expect(releasedClaims(every, ['openid', 'offline_access', 'api.read', 'constructor', '__proto__'])).toEqual({})
  })

  test('claims outside the standard scopes are never released', () => {
    expect(releasedClaims({ ...every, password: 'x', sub: 'y' }, Object.keys(scopeClaims))).toEqual(every)
  })

  test('USR-05 absent claims are left out, never null or empty; false and 0 are values', () => {
    const claims = {
      name: null,
      given_name: undefined,
      nickname: '',
      email: 'a@b.c',
      email_verified: false,
      updated_at: 0,
    }
    expect(releasedClaims(claims, ['profile', 'email'])).toEqual({
      email: 'a@b.c',
      email_verified: false,
      updated_at: 0,
    })
  })
})
