import fc from 'fast-check'
import { type JWTPayload, CompactSign, generateKeyPair, jwtVerify } from 'jose'
import { JOSEError, JWTExpired } from 'jose/errors'
import { beforeAll, describe, expect, test } from 'vitest'
import { assertionTypes } from './client-authentication.ts'
import { type Expectation, checkClaims, isAmbiguous, verifyJwt } from './jwt.ts'

const now = 1_800_000_000

let keys: Awaited<ReturnType<typeof generateKeyPair>>
beforeAll(async () => {
  keys = await generateKeyPair('ES256')
})

function signed(claims: string | Uint8Array, header: object = {}): Promise<string> {
  const bytes = typeof claims === 'string' ? Buffer.from(claims) : claims
  return new CompactSign(bytes)
    .setProtectedHeader({ alg: 'ES256', ...header })
    .sign(keys.privateKey, { crit: { x: true } })
}

async function codeOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt
    return 'taken'
  } catch (error) {
    if (error instanceof JOSEError) return error.code
    throw error
  }
}

function verdict(token: string, expected: Partial<Expectation> = {}): Promise<string> {
  return codeOf(verifyJwt(token, () => keys.publicKey, { algorithms: ['ES256'], ...expected }, now))
}

describe('a JWT', () => {
  test('is taken with its claims', async () => {
    const token = await signed('{"iss":"me","own":[1]}')
    const claims = await verifyJwt(token, () => keys.publicKey, { algorithms: ['ES256'] }, now)
    expect(claims).toEqual({ iss: 'me', own: [1] })
  })

  test('XCT-04 is signed with an algorithm of the list', async () => {
    expect(await verdict(await signed('{}'), { algorithms: ['RS256', 'EdDSA'] })).toBe('ERR_JOSE_ALG_NOT_ALLOWED')
  })

  test('is refused once a single bit of it differs', async () => {
    const token = await signed('{"iss":"me"}')
    const [header = '', , signature = ''] = token.split('.')
    const other = Buffer.from('{"iss":"we"}').toString('base64url')
    expect(await verdict([header, other, signature].join('.'))).toBe('ERR_JWS_SIGNATURE_VERIFICATION_FAILED')
  })

  test('XCT-04 may not have critical extensions, neither unknown ones nor those that jose knows', async () => {
    expect(await verdict(await signed('{}', { crit: ['x'], x: 1 }))).toBe('ERR_JOSE_NOT_SUPPORTED')
    expect(await verdict(await signed('{}', { crit: ['b64'], b64: true }))).toBe('ERR_JWT_INVALID')
    const [header = '', , signature = ''] = (await signed('{}', { b64: true, crit: ['b64'] })).split('.')
    expect(await verdict(`${header}.{}.${signature}`)).toMatch(/^ERR_/)
  })

  test('is a JSON object in UTF-8', async () => {
    for (const text of ['', '[]', 'null', '1', '"a"', '{', '{"a":1}x'])
      expect(await verdict(await signed(text))).toBe('ERR_JWT_INVALID')
    expect(await verdict(await signed(new Uint8Array([...Buffer.from('{"a":"'), 0xff, ...Buffer.from('"}')])))).toBe(
      'ERR_JWT_INVALID',
    )
  })

  test('XCT-04 of another type is no assertion', async () => {
    for (const typ of [undefined, 'JWT', 'jwt', 'client-authentication+jwt', 'application/Client-Authentication+JWT'])
      expect(await verdict(await signed('{}', { typ }), { types: assertionTypes })).toBe('taken')
    for (const typ of ['at+jwt', 'oauth-authz-req+jwt', 'dpop+jwt', 'logout+jwt', '', 'text/jwt', 1, null, ['jwt']])
      expect(await verdict(await signed('{}', { typ }), { types: assertionTypes })).toMatch(/CLAIM_VALIDATION_FAILED$/)
  })

  test('that names no type is not of a type that is asked for', async () => {
    expect(await verdict(await signed('{}'), { types: ['at+jwt'] })).toBe('ERR_JWT_CLAIM_VALIDATION_FAILED')
  })

  test('gets the same verdict from jose', async () => {
    const names = fc.subarray(['iss', 'sub', 'aud', 'exp', 'iat', 'nbf', 'jti'])
    const who = fc.constantFrom('me', 'you', '', 1, null, ['me'])
    const whom = fc.oneof(who, fc.array(fc.constantFrom('me', 'you', 1, ['me']), { maxLength: 3 }))
    const when = fc.oneof(
      fc.integer({ min: now - 70, max: now + 70 }),
      fc.constantFrom('1', null, 0, -1, 1e300, now + 0.5),
    )
    const claims = fc.record(
      { iss: who, sub: who, aud: whom, exp: when, iat: when, nbf: when, jti: who },
      { requiredKeys: [] },
    )
    const asked = fc.record(
      {
        issuer: fc.constantFrom('me', 'you'),
        subject: fc.constantFrom('me', 'you'),
        audience: fc.array(fc.constantFrom('me', 'you'), { minLength: 1, maxLength: 2 }),
        required: names,
        tolerance: fc.constantFrom(0, 10, 60),
      },
      { requiredKeys: [] },
    )
    await fc.assert(
      fc.asyncProperty(claims, asked, async (given, { required, tolerance, ...rest }) => {
        const token = await signed(JSON.stringify(given))
        const same = { ...rest, requiredClaims: required ?? [], clockTolerance: tolerance ?? 0 }
        const options = { algorithms: ['ES256'], currentDate: new Date(now * 1000), ...same }
        const expected = { ...rest, required: required ?? [], tolerance: tolerance ?? 0 }
        expect(await verdict(token, expected)).toBe(await codeOf(jwtVerify(token, keys.publicKey, options)))
      }),
      { numRuns: 400 },
    )
  })
})

describe('the claims of a JWT', () => {
  const all = { issuer: 'me', subject: 'me', audience: ['us', 'you'], required: ['exp', 'jti'], tolerance: 10 }
  const right: JWTPayload = { iss: 'me', sub: 'me', aud: 'us', exp: now + 60, iat: now, nbf: now, jti: 'a' }
  const check = (claims: JWTPayload) => () => checkClaims(claims, all, now)

  test('are taken as they are expected', () => {
    expect(check(right)).not.toThrow()
    expect(check({ ...right, aud: ['them', 'you'] })).not.toThrow()
    expect(() => checkClaims({}, {}, now)).not.toThrow()
  })

  test.each([
    ['iss', { iss: 'you' }],
    ['sub', { sub: 'you' }],
    ['aud', { aud: 'them' }],
    ['aud', { aud: [] }],
    ['nbf', { nbf: now + 11 }],
  ])('are refused for %s: %j', (name, wrong) => {
    expect(check({ ...right, ...wrong })).toThrow(`the token's ${name} is missing or not acceptable`)
  })

  test.each(['iss', 'sub', 'aud', 'jti', 'exp'])('are refused without %s, which is required', (name) => {
    const rest = Object.fromEntries(Object.entries(right).filter(([each]) => each !== name))
    expect(check(rest)).toThrow(`the token's ${name} is missing or not acceptable`)
  })

  test('hold from nbf until before exp, give or take the tolerance', () => {
    expect(check({ ...right, nbf: now + 10, exp: now - 9 })).not.toThrow()
    expect(check({ ...right, exp: now - 10 })).toThrow(JWTExpired)
    expect(check({ ...right, exp: now - 10, iss: 'you' })).toThrow("the token's iss is missing")
  })
})

test('attack J11 a JWT is ambiguous if a member is repeated, in header or claims, or nothing can be read', () => {
  const text = (...parts: string[]) => parts.map((part) => Buffer.from(part).toString('base64url')).join('.')
  expect(isAmbiguous(text('{"alg":"ES256"}', '{"iss":"a"}', 'x'))).toBe(false)
  expect(isAmbiguous(text('{"alg":"ES256","alg":"none"}', '{}', 'x'))).toBe(true)
  expect(isAmbiguous(text('{"alg":"ES256"}', '{"iss":"a","iss":"b"}', 'x'))).toBe(true)
  expect(isAmbiguous('{}.{}.x')).toBe(true)
})
