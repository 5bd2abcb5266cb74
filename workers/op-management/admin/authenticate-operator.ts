import { base64url, decodeProtectedHeader, errors, importJWK, jwtVerify } from 'jose'
import { readText } from '../../../shared/http/form.ts'
import { OAuthError } from '../../../shared/protocol/error.ts'
import type { Operator } from '../../../shared/stores/durable-objects/key-manager.ts'
import { decided } from '../../../shared/stores/grants.ts'
import { shard, shardOf } from '../../../shared/stores/shards.ts'
import { bearerText } from '../bearer-handle.ts'
import type { ManagementContext } from '../deps.ts'

/** Seconds that a request's JWT may live. */
const longestLife = 60

/** Other clocks may differ by this much. Seconds. */
const tolerance = 10

/** An honest one is a fifth of this. */
const longestToken = 4096

/**
 * The operator that signed this very request, and its body. The JWT is bound to method, address and body, lives a
 * minute and counts once (attacks N1, N2); who was removed is refused at the next call, since nothing is cached (N3).
 * @throws OAuthError invalid_token
 */
export async function authenticateOperator(c: ManagementContext): Promise<{ operator: Operator; body: string }> {
  const { deps, now } = c.var
  const token = bearerText(c) ?? ''
  const kid = keyId(token)
  const operator = await decided(deps.keyManager.operator(kid, now))
  if (!operator) throw refused('no operator has this key')
  const claims = await verifiedClaims(c, token, operator)
  if (claims['htm'] !== c.req.method) throw refused('the method differs')
  if (claims['htu'] !== c.req.url.replace(/^[a-z]+:\/\/[^/]+/i, '')) throw refused('the address differs')
  const body = await readText(c.req.raw)
  if (claims['body'] !== (await digest(body))) throw refused('the body differs')
  const key = `operator:${kid}:${String(claims['jti'])}`
  if (!(await decided(shard(deps.ledger, shardOf(key)).once(key, now + longestLife + 2 * tolerance))))
    throw refused('the token was used before')
  return { operator, body }
}

function keyId(token: string): string {
  if (token.length > longestToken) throw refused('the token is too long')
  try {
    const { kid } = decodeProtectedHeader(token)
    if (typeof kid === 'string' && /^[\w-]{43}$/.test(kid)) return kid
  } catch {
    // Not a JWT: the same refusal as without a key id.
  }
  throw refused('there is no operator token')
}

async function verifiedClaims(
  c: ManagementContext,
  token: string,
  { kid, publicKey }: Operator,
): Promise<Record<string, unknown>> {
  const { deps, now } = c.var
  try {
    const { payload } = await jwtVerify(token, await importJWK(publicKey, 'EdDSA'), {
      algorithms: ['EdDSA'],
      typ: 'authrim-operator+jwt',
      issuer: kid,
      audience: deps.issuer,
      clockTolerance: tolerance,
      currentDate: new Date(now * 1000),
      requiredClaims: ['iat', 'exp', 'jti'],
    })
    const { iat = 0, exp = 0, jti = '' } = payload
    if (exp > now + longestLife + tolerance || iat > now + tolerance || jti === '' || jti.length > 200)
      throw refused('the token lives too long')
    return payload
  } catch (error) {
    if (error instanceof errors.JOSEError) throw refused(error.code)
    throw error
  }
}

async function digest(text: string): Promise<string> {
  return base64url.encode(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))))
}

/** The reason is for the log: a caller that is nobody learns nothing. */
function refused(reason: string): OAuthError {
  return new OAuthError('invalid_token', 'the operator token is invalid, expired or used before', { reason })
}
