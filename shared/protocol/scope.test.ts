import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OAuthError } from './error.ts'
import { narrowedScope, parseScope, permittedScope } from './scope.ts'

describe('scope', () => {
  test('is split at spaces, each token once, in order (RFC 6749 §3.3)', () => {
    expect(parseScope('openid  profile openid')).toEqual(['openid', 'profile'])
    expect(parseScope(undefined)).toEqual([])
    expect(parseScope('')).toEqual([])
  })

  test.each(['a"b', 'a\\b', 'a\tb', 'ä', 'a\u0000', 'a\u007f', 'a\nb'])('refuses %j', (text) => {
    expect(() => parseScope(text)).toThrow(OAuthError)
  })

  test('attack O17 a huge scope is refused before work is spent on it', () => {
    expect(() => parseScope('a '.repeat(2000))).toThrow('scope is too long')
    expect(parseScope('a '.repeat(1024))).toEqual(['a'])
  })

  test('the granted scope is what was asked and is allowed', () => {
    expect(permittedScope(['openid', 'admin'], ['openid', 'email'])).toEqual(['openid'])
  })

  test('TOK-08 attack O18 a refresh may narrow, never widen', () => {
    expect(narrowedScope(['openid', 'email'], undefined)).toEqual(['openid', 'email'])
    expect(narrowedScope(['openid', 'email'], 'email')).toEqual(['email'])
    expect(() => narrowedScope(['openid'], 'openid email')).toThrow('scope exceeds what was granted')
  })

  test('any text gives tokens of the grammar or the one error', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          for (const token of parseScope(text)) expect(token).toMatch(/^[\x21\x23-\x5b\x5d-\x7e]+$/)
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid_scope' })
        }
      }),
    )
  })
})
