import { type CompactVerifyGetKey, type JWTPayload, base64url, compactVerify } from 'jose'
import { JWTClaimValidationFailed, JWTExpired, JWTInvalid } from 'jose/errors'
import { repeatsMember } from './strict-json.ts'

/** What a JWT must say of itself (RFC 7519 §4.1, RFC 8725 §3). What is absent is not asked for. */
export interface Expectation {
  readonly algorithms: readonly string[]
  /** Lower case, without `application/`; `undefined` among them takes a token that names no type. */
  readonly types?: readonly (string | undefined)[]
  readonly issuer?: string
  readonly subject?: string
  /** The token is for one of these at least. */
  readonly audience?: readonly string[]
  /** Claims that must be there, whatever they say. */
  readonly required?: readonly string[]
  /** By how much other clocks may differ. Seconds. */
  readonly tolerance?: number
}

/**
 * The claims of a JWT that was signed with one of these keys and says what is expected. `now` in seconds.
 * jose checks the signature, but not the claims: its check brings what reads durations in words, 0.7 KiB in each Worker.
 * @throws JOSEError: JWTExpired if nothing is wrong but its time; and whatever `keyOf` throws.
 */
export async function verifyJwt(
  token: string,
  keyOf: CompactVerifyGetKey,
  expected: Expectation,
  now: number,
): Promise<JWTPayload> {
  const { protectedHeader, payload } = await compactVerify(token, keyOf, { algorithms: [...expected.algorithms] })
  // No extension is understood here, and the one that jose knows is forbidden in JWTs (RFC 7797 §7).
  if (protectedHeader.crit !== undefined) throw new JWTInvalid('the token has critical extensions')
  const claims = claimsOf(payload)
  if (expected.types && !expected.types.includes(mediaType(protectedHeader.typ))) throw failure(claims, 'typ')
  checkClaims(claims, expected, now)
  return claims
}

/** Whether header or claims of a JWT name a member twice, or cannot be read at all. */
export function isAmbiguous(token: string): boolean {
  try {
    const parts = token.split('.', 2).map((part) => new TextDecoder().decode(base64url.decode(part)))
    return parts.some(repeatsMember)
  } catch {
    return true
  }
}

/**
 * The claims that RFC 7519 §4.1 registers, but for what they mean together. `now` in seconds.
 * @throws JWTClaimValidationFailed, or JWTExpired if nothing else is wrong.
 */
export function checkClaims(claims: JWTPayload, expected: Omit<Expectation, 'algorithms'>, now: number): void {
  const { issuer, subject, audience, required = [], tolerance = 0 } = expected
  const { iss, sub, aud, nbf = -Infinity, exp = Infinity } = claims
  const missing = required.find((name) => !Object.hasOwn(claims, name))
  if (missing !== undefined) throw failure(claims, missing)
  if (issuer !== undefined && iss !== issuer) throw failure(claims, 'iss')
  if (subject !== undefined && sub !== subject) throw failure(claims, 'sub')
  if (audience && ![aud].flat().some((each) => each !== undefined && audience.includes(each)))
    throw failure(claims, 'aud')
  for (const name of ['iat', 'nbf', 'exp'])
    if (!['number', 'undefined'].includes(typeof claims[name])) throw failure(claims, name)
  if (nbf > now + tolerance) throw failure(claims, 'nbf')
  if (exp <= now - tolerance) throw new JWTExpired('the token has expired', claims, 'exp')
}

function claimsOf(payload: Uint8Array): JWTPayload {
  try {
    const claims: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(payload))
    if (isObject(claims)) return claims
  } catch {
    // Falls through to the refusal: no JSON is answered like JSON that is no object.
  }
  throw new JWTInvalid('the claims are no JSON object')
}

function isObject(value: unknown): value is JWTPayload {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** RFC 7515 §4.1.9 */
function mediaType(typ: string | undefined): string | undefined {
  return typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : typ
}

function failure(claims: JWTPayload, name: string): JWTClaimValidationFailed {
  return new JWTClaimValidationFailed(`the token's ${name} is missing or not acceptable`, claims, name)
}
