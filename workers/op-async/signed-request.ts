import { base64url, jwtVerify } from 'jose'
import { JOSEError } from 'jose/errors'
import { assertionAlgorithms } from '../../shared/protocol/client-authentication.ts'
import type { Client } from '../../shared/protocol/client.ts'
import { OAuthError, invalidRequest } from '../../shared/protocol/error.ts'
import { Parameters } from '../../shared/protocol/parameters.ts'
import { repeatsMember } from '../../shared/protocol/strict-json.ts'
import { decided } from '../../shared/stores/grants.ts'
import { shard, shardOf } from '../../shared/stores/shards.ts'
import type { AsyncContext } from './deps.ts'

/** A signed request lives an hour at most, and began no longer ago (FAPI-CIBA §5.2.2). Seconds. */
const longestLife = 3600

/** Other clocks may differ by this much. Seconds. */
const tolerance = 60

const longestText = 16_384

/** What may stand beside a signed request: who sends it. */
const outside = new Set(['request', 'client_id', 'client_secret', 'client_assertion', 'client_assertion_type'])

/** Claims that are about the request itself. */
const envelope = new Set(['iss', 'aud', 'exp', 'iat', 'nbf', 'jti', 'sub'])

/**
 * The parameters of a request, which a client may sign and, if it is registered to, must (CIBA §7.1.1).
 * @throws OAuthError invalid_request
 */
export async function requestParameters(c: AsyncContext, params: Parameters, client: Client): Promise<Parameters> {
  const signed = params.get('request')
  if (params.get('request_uri') !== undefined) throw invalidRequest('request_uri is not supported')
  if (signed === undefined) {
    if (client.backchannel_authentication_request_signing_alg !== undefined)
      throw invalidRequest('the client has to sign its requests')
    return params
  }
  if (params.entries().some(([name]) => !outside.has(name)))
    throw invalidRequest('parameters beside a signed request are not accepted')
  return new Parameters(parametersOf(await verified(c, client, signed)))
}

/** Claims of a JWT that the client signed for us, once. */
async function verified(c: AsyncContext, client: Client, text: string): Promise<Record<string, unknown>> {
  const { deps, now } = c.var
  const registered = client.backchannel_authentication_request_signing_alg
  if (text.length > longestText || repeats(text)) throw refused('too long or not what it seems')
  try {
    const { payload, protectedHeader } = await jwtVerify(text, deps.authenticator.keysOf(client, now), {
      algorithms: assertionAlgorithms.filter((alg) => registered === undefined || alg === registered),
      issuer: client.client_id,
      audience: deps.issuer,
      clockTolerance: tolerance,
      currentDate: new Date(now * 1000),
      requiredClaims: ['exp', 'iat', 'nbf', 'jti'],
    })
    const { exp = 0, iat = 0, nbf = 0, jti } = payload
    const type = protectedHeader.typ?.toLowerCase() ?? 'jwt'
    if (type !== 'jwt' && type !== 'oauth-authz-req+jwt') throw refused(`typ ${type}`)
    if (exp > now + longestLife + tolerance || nbf < now - longestLife || iat > now + tolerance)
      throw refused('it lives too long')
    const key = `request:${client.client_id}:${String(jti)}`
    if (!(await decided(shard(deps.ledger, shardOf(key)).once(key, exp + 2 * tolerance))))
      throw refused('it was used before')
    return payload
  } catch (error) {
    if (error instanceof OAuthError) throw error
    throw refused(error instanceof JOSEError ? error.code : error)
  }
}

function refused(reason: unknown): OAuthError {
  return invalidRequest('the signed request is not acceptable', reason)
}

/** Header and claims must name each member once. */
function repeats(text: string): boolean {
  try {
    const parts = text.split('.', 2).map((part) => new TextDecoder().decode(base64url.decode(part)))
    return parts.some(repeatsMember)
  } catch {
    return true
  }
}

function parametersOf(claims: Record<string, unknown>): [string, string][] {
  return Object.entries(claims).flatMap(([name, value]): [string, string][] => {
    if (envelope.has(name)) return []
    const values: unknown[] = Array.isArray(value) ? value : [value]
    return values.map((each): [string, string] => {
      if (typeof each !== 'string' && typeof each !== 'number') throw refused(`${name} is no text`)
      return [name, String(each)]
    })
  })
}
