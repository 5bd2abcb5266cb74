import { type CompactJWSHeaderParameters, type JWTPayload, base64url, importJWK } from 'jose'
import { JOSEError } from 'jose/errors'
import { readText } from '../form.ts'
import { OAuthError } from '../../protocol/error.ts'
import { verifyJwt } from '../../protocol/jwt.ts'
import type { Admissible, Operator } from '../../stores/durable-objects/operator-registry.ts'
import { decided } from '../../stores/grants.ts'
import { shard, shardOf } from '../../stores/shards.ts'
import type { AuditTrail } from '../../stores/d1/audit-trail.ts'
import type { GrantLedger } from '../../stores/durable-objects/grant-ledger.ts'
import type { KeyManager } from '../../stores/durable-objects/key-manager.ts'
import { bearerText } from '../bearer.ts'
import type { WorkerContext } from '../context.ts'

/** What the admin API of any Worker works with. */
export interface OperatorDeps {
  readonly issuer: string
  readonly ledger: DurableObjectNamespace<GrantLedger>
  /** A fresh stub, since one belongs to the request that made it. */
  readonly keyManager: () => DurableObjectStub<KeyManager>
  readonly audit: AuditTrail
}

/** Seconds that a request's JWT may live. */
const longestLife = 60

/** Other clocks may differ by this much. Seconds. */
const tolerance = 10

/** An honest one is a fifth of this. */
const longestToken = 4096

/**
 * The operator that signed this very request, and its body. The JWT is bound to method, address and body, lives a
 * minute and counts once (attacks N1, N2); who was removed is refused at the next call, since nothing is cached (N3).
 * @param largestBody bytes; undefined for what any endpoint reads.
 * @throws OAuthError invalid_token
 */
export async function authenticateOperator<Deps extends OperatorDeps>(
  c: WorkerContext<Deps>,
  largestBody: number | undefined,
): Promise<{ operator: Operator; body: string }> {
  const { deps, now } = c.var
  const { operator, claims } = await verifiedToken(c, bearerText(c) ?? '')
  if (claims['htm'] !== c.req.method) throw refused('the method differs')
  if (claims['htu'] !== c.req.url.replace(/^[a-z]+:\/\/[^/]+/i, '')) throw refused('the address differs')
  const body = await readText(c.req.raw, largestBody)
  if (claims['body'] !== (await sha256(body))) throw refused('the body differs')
  const key = `operator:${operator.kid}:${claims.jti}`
  if (!(await decided(shard(deps.ledger, shardOf(key)).once(key, now + longestLife + 2 * tolerance))))
    throw refused('the token was used before')
  if (operator.admission) await admit(c, operator, `operators.${operator.admission}`)
  return { operator, body }
}

/** Recorded before it is done, so that nobody comes in unrecorded. */
async function admit<Deps extends OperatorDeps>(
  c: WorkerContext<Deps>,
  { kid }: Operator,
  action: string,
): Promise<void> {
  const { deps, now, requestId } = c.var
  await deps.audit.record({ time: Date.now(), actor: kid, action, target: kid, outcome: 'done', requestId })
  await decided(deps.keyManager().admitBootstrap(kid, now))
}

async function verifiedToken<Deps extends OperatorDeps>(
  c: WorkerContext<Deps>,
  token: string,
): Promise<{ operator: Admissible; claims: JWTPayload }> {
  const { deps, now } = c.var
  if (token.length > longestToken) throw refused('the token is too long')
  let operator: Admissible | undefined
  const keyOf = async ({ kid }: CompactJWSHeaderParameters) => {
    if (typeof kid === 'string' && /^[\w-]{43}$/.test(kid))
      operator = await decided(deps.keyManager().operator(kid, now))
    if (!operator) throw refused('no operator has this key')
    return importJWK(operator.publicKey, 'EdDSA')
  }
  try {
    const expected = {
      algorithms: ['EdDSA'],
      types: ['authrim-operator+jwt'],
      audience: [deps.issuer],
      required: ['iat', 'exp', 'jti'],
      tolerance,
    }
    const claims = await verifyJwt(token, keyOf, expected, now)
    const { iss, iat = 0, exp = 0, jti = '' } = claims
    if (!operator || operator.kid !== iss) throw refused('the issuer is another key')
    if (exp > now + longestLife + tolerance || iat > now + tolerance) throw refused('the token lives too long')
    if (jti === '' || jti.length > 200) throw refused('the jti is missing or too long')
    return { operator, claims }
  } catch (error) {
    if (error instanceof JOSEError) throw refused(error.code)
    throw error
  }
}

/** The hash of a text, base64url. */
export async function sha256(text: string): Promise<string> {
  return base64url.encode(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))))
}

/** The reason is for the log: a caller that is nobody learns nothing. */
function refused(reason: string): OAuthError {
  return new OAuthError('invalid_token', 'the operator token is invalid, expired or used before', { reason })
}
