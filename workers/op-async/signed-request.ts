import { JOSEError } from 'jose/errors'
import { assertionAlgorithms } from '../../shared/protocol/client-authentication.ts'
import type { Client } from '../../shared/protocol/client.ts'
import { OAuthError, invalidRequest } from '../../shared/protocol/error.ts'
import { isAmbiguous, verifyJwt } from '../../shared/protocol/jwt.ts'
import { Parameters } from '../../shared/protocol/parameters.ts'
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
  if (text.length > longestText || isAmbiguous(text)) throw refused('too long or not what it seems')
  try {
    const expected = {
      algorithms: assertionAlgorithms.filter((alg) => registered === undefined || alg === registered),
      types: [undefined, 'jwt', 'oauth-authz-req+jwt'],
      issuer: client.client_id,
      audience: [deps.issuer],
      required: ['exp', 'iat', 'nbf', 'jti'],
      tolerance,
    }
    const claims = await verifyJwt(text, deps.authenticator.keysOf(client, now), expected, now)
    const { exp = 0, iat = 0, nbf = 0, jti } = claims
    if (exp > now + longestLife + tolerance || nbf < now - longestLife || iat > now + tolerance)
      throw refused('it lives too long')
    const key = `request:${client.client_id}:${String(jti)}`
    if (!(await decided(shard(deps.ledger, shardOf(key)).once(key, exp + 2 * tolerance))))
      throw refused('it was used before')
    return claims
  } catch (error) {
    if (error instanceof OAuthError) throw error
    throw refused(error instanceof JOSEError ? error.code : error)
  }
}

function refused(reason: unknown): OAuthError {
  return invalidRequest('the signed request is not acceptable', reason)
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
