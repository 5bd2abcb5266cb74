import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Parameters } from './parameters.ts'
import { codeChallenge, verifyPkce } from './pkce.ts'

/** RFC 7636 Appendix B. */
const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'

function read(parameters: Record<string, string>, required = false): string | undefined {
  return codeChallenge(new Parameters(Object.entries(parameters)), required)
}

describe('a code challenge', () => {
  test('is read with S256 (RFC 7636 Appendix B)', () => {
    expect(read({ code_challenge: challenge, code_challenge_method: 'S256' })).toBe(challenge)
  })

  test('may be absent unless required', () => {
    expect(read({})).toBeUndefined()
    expect(() => read({}, true)).toThrow('code_challenge is required')
    expect(() => read({ code_challenge: '' }, true)).toThrow('code_challenge is required')
  })

  test('is refused with plain, with another or without a method (RFC 9700 §2.1.1)', () => {
    for (const method of ['plain', 's256', 'S512', ''])
      expect(() => read({ code_challenge: challenge, code_challenge_method: method })).toThrow('must be S256')
    expect(() => read({ code_challenge_method: 'S256' })).toThrow('without code_challenge')
  })

  test('has 43 characters of base64url', () => {
    for (const wrong of [challenge.slice(1), `${challenge}x`, `${challenge.slice(1)}=`, `${challenge.slice(1)}+`])
      expect(() => read({ code_challenge: wrong, code_challenge_method: 'S256' })).toThrow('malformed')
  })
})

describe('a code verifier', () => {
  test('matches its challenge (RFC 7636 Appendix B)', async () => {
    await expect(verifyPkce(challenge, verifier)).resolves.toBeUndefined()
  })

  test('matches no other', async () => {
    await fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[\w.~-]{43,128}$/), async (other) => {
        await expect(verifyPkce(challenge, other)).rejects.toMatchObject({ code: 'invalid_grant' })
      }),
      { numRuns: 50 },
    )
  })

  test('has 43 to 128 unreserved characters (RFC 7636 §4.1)', async () => {
    for (const wrong of [verifier.slice(1), 'x'.repeat(129), `${verifier}!`, `${verifier} `, `${verifier}ü`])
      await expect(verifyPkce(challenge, wrong)).rejects.toThrow('malformed')
  })

  test('comes where a challenge came, and only there (RFC 9700 §4.8.2)', async () => {
    await expect(verifyPkce(undefined, undefined)).resolves.toBeUndefined()
    await expect(verifyPkce(undefined, verifier)).rejects.toMatchObject({ code: 'invalid_grant' })
    await expect(verifyPkce(challenge, undefined)).rejects.toMatchObject({ code: 'invalid_grant' })
  })
})
