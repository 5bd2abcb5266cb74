import type { AccessTokens } from '../../shared/http/access-token.ts'
import { bearerChallenge, bearerToken } from '../../shared/http/bearer.ts'
import type { WorkerContext } from '../../shared/http/context.ts'
import { releasedClaims } from '../../shared/protocol/claims.ts'
import { OAuthError } from '../../shared/protocol/error.ts'
import { userClaims } from '../../shared/stores/users.ts'
import type { PeopleWithCopies } from './people.ts'

export interface UserinfoDeps {
  readonly issuer: string
  readonly tokens: AccessTokens
  readonly users: PeopleWithCopies
}

/** UserInfo endpoint, OpenID Connect Core §5.3. */
export async function userinfo(c: WorkerContext<UserinfoDeps>): Promise<Response> {
  const { deps, now } = c.var
  const token = await bearerToken(c.req.raw)
  if (token === undefined) return bearerChallenge(c, undefined)
  const live = await deps.tokens.find(token, now)
  if (!live || !audience(live.claims.aud).includes(deps.issuer))
    throw new OAuthError('invalid_token', 'the access token is invalid, expired or revoked')
  c.var.log['client_id'] = live.claims.client_id
  const scopes = live.claims.scope.split(' ')
  if (!scopes.includes('openid') || live.subject === '')
    throw new OAuthError('insufficient_scope', 'the access token lacks the scope openid')
  const user = await deps.users.find(live.subject, now)
  if (!user || user.disabled) throw new OAuthError('invalid_token', 'the person is unknown')
  c.header('cache-control', 'no-store')
  // The edge adds the date in production; clients that check freshness find it locally as well.
  c.header('date', new Date(now * 1000).toUTCString())
  return c.json({ ...releasedClaims(userClaims(user), scopes), sub: user.sub })
}

function audience(aud: string | string[]): string[] {
  return Array.isArray(aud) ? aud : [aud]
}
