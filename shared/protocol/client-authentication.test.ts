import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assertionType, checkAssertionText, checkMethod, readCredentials } from './client-authentication.ts'
import { OAuthError } from './error.ts'
import { Parameters } from './parameters.ts'

function read(authorization: string | null, form: Record<string, string> = {}) {
  return readCredentials(authorization, new Parameters(Object.entries(form)))
}

function basic(text: string): string {
  return `Basic ${btoa(text)}`
}

function unsigned(claims: unknown, header: unknown = { alg: 'ES256' }): string {
  const parts = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  return [...parts, 'c2ln'].join('.')
}

function codeOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof OAuthError) return error.code
    throw error
  }
  return 'none'
}

describe('client credentials of a request', () => {
  test('CLA-02 user name and password are form-decoded after base64 (RFC 6749 §2.3.1)', () => {
    const form = new URLSearchParams({ id: 'a b:c', secret: 'a:b%+ü &=' })
    const [id, secret] = form
      .toString()
      .split('&')
      .map((pair) => pair.split('=')[1] ?? '')
    expect(read(basic(`${id}:${secret}`))).toEqual({
      method: 'client_secret_basic',
      clientId: 'a b:c',
      secret: 'a:b%+ü &=',
    })
  })

  test('CLA-02 a colon in the secret belongs to the secret', () => {
    expect(read(basic('id:a:b'))).toMatchObject({ clientId: 'id', secret: 'a:b' })
  })

  test.each([['Basic'], ['Basic '], ['Basic !!!'], [basic('no colon')], [basic('id:%zz')]])(
    'a malformed header %j is invalid_client',
    (header) => {
      expect(codeOf(() => read(header))).toBe('invalid_client')
    },
  )

  test('another scheme is invalid_client', () => {
    expect(codeOf(() => read('Bearer abc', { client_id: 'id' }))).toBe('invalid_client')
  })

  test('CLA-01 attack C1 two methods at once are invalid_request', () => {
    const assertion = { client_assertion: unsigned({ iss: 'id' }), client_assertion_type: assertionType }
    expect(codeOf(() => read(basic('id:x'), { client_secret: 'x' }))).toBe('invalid_request')
    expect(codeOf(() => read(basic('id:x'), assertion))).toBe('invalid_request')
    expect(codeOf(() => read(null, { client_id: 'id', client_secret: 'x', ...assertion }))).toBe('invalid_request')
    expect(codeOf(() => read(basic('id:x'), { client_id: 'other' }))).toBe('invalid_request')
  })

  test('CLA-09 a public client names itself, and nothing more', () => {
    expect(read(null, { client_id: 'id' })).toEqual({ method: 'none', clientId: 'id' })
    expect(codeOf(() => read(null))).toBe('invalid_client')
  })

  test('CLA-05 the type of an assertion is exact, its issuer names the client', () => {
    const client_assertion = unsigned({ iss: 'id' })
    expect(read(null, { client_assertion, client_assertion_type: assertionType })).toMatchObject({ clientId: 'id' })
    for (const type of ['', 'jwt-bearer', `${assertionType} `, assertionType.toUpperCase()])
      expect(codeOf(() => read(null, { client_assertion, client_assertion_type: type }))).toBe('invalid_client')
    expect(codeOf(() => read(null, { client_id: 'id', client_assertion_type: assertionType }))).toBe('invalid_request')
    const foreign = { client_assertion, client_assertion_type: assertionType, client_id: 'other' }
    expect(codeOf(() => read(null, foreign))).toBe('invalid_client')
  })

  test('attack J6 an assertion that is huge, deep or no JWT is invalid_client', () => {
    const texts = [
      unsigned({ iss: 'id', junk: 'x'.repeat(17_000) }),
      'a.b.c',
      '',
      '.',
      unsigned('text'),
      unsigned(null),
      unsigned({ iss: 1 }),
      `e30.${Buffer.from('['.repeat(9000)).toString('base64url')}.x`,
    ].filter((text) => text !== '')
    for (const client_assertion of texts)
      expect(codeOf(() => read(null, { client_assertion, client_assertion_type: assertionType }))).toBe(
        'invalid_client',
      )
  })

  test('any header is answered or refused, never a defect', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, assertion) => {
        expect(['none', 'invalid_client']).toContain(codeOf(() => read(basic(encodeURIComponent(text)))))
        const form = { client_assertion: `a${assertion}`, client_assertion_type: assertionType }
        expect(['none', 'invalid_client']).toContain(codeOf(() => read(null, form)))
      }),
    )
  })

  test('CLA-01 attack C2 only the registered method counts', () => {
    const client = { token_endpoint_auth_method: 'private_key_jwt' } as const
    expect(() => checkMethod(client, 'private_key_jwt')).not.toThrow()
    for (const method of ['client_secret_basic', 'client_secret_post', 'none'] as const)
      expect(codeOf(() => checkMethod(client, method))).toBe('invalid_client')
  })

  test('attack J11 an assertion that repeats a member is refused, in header and claims', () => {
    const part = (text: string) => Buffer.from(text).toString('base64url')
    expect(() => checkAssertionText(unsigned({ iss: 'a', sub: 'a' }))).not.toThrow()
    expect(() => checkAssertionText(`${part('{"alg":"ES256","alg":"none"}')}.${part('{}')}.x`)).toThrow(OAuthError)
    expect(() => checkAssertionText(`${part('{"alg":"ES256"}')}.${part('{"iss":"a","iss":"b"}')}.x`)).toThrow(
      OAuthError,
    )
  })
})
