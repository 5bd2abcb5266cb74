import { JOSEError, JWTExpired } from 'jose/errors'
import { assertionAlgorithms } from '../../shared/protocol/client-authentication.ts'
import type { Client } from '../../shared/protocol/client.ts'
import { OAuthError, invalidRequest, tooManyRequests } from '../../shared/protocol/error.ts'
import { verifyJwt } from '../../shared/protocol/jwt.ts'
import type { User } from '../../shared/stores/users.ts'
import type { Hint } from './authentication-request.ts'
import type { AsyncContext } from './deps.ts'

/**
 * The person whom a client means. A client that asks for people who are not here is soon refused unheard, so that it
 * cannot learn who is; and it has few hints looked up at once, so that it cannot ask faster than it is counted.
 * @throws OAuthError unknown_user_id, access_denied, expired_login_hint_token, invalid_request, too_many_requests
 */
export async function hintedUser(c: AsyncContext, client: Client, hint: Hint): Promise<User> {
  const { deps, now } = c.var
  const { client_id: id } = client
  checkWait(await deps.attempts.hint(id, now))
  try {
    const user = await find(c, client, hint)
    if (user && !user.disabled) return user
    checkWait(await deps.attempts.wrongHint(id, now))
    if (!user) throw new OAuthError('unknown_user_id', 'nobody is known by this hint')
    throw new OAuthError('access_denied', 'the person is not available', { reason: 'disabled' })
  } finally {
    await deps.attempts.hintDone(id)
  }
}

function checkWait(wait: number): void {
  if (wait > 0) throw tooManyRequests(wait, 'too many unknown people')
}

async function find(c: AsyncContext, client: Client, { kind, value }: Hint): Promise<User | undefined> {
  switch (kind) {
    case 'id_token_hint':
      return c.var.deps.users.find(await subjectOfIdToken(c, client, value))
    case 'login_hint_token':
      return byName(c, await nameInHintToken(c, client, value))
    default:
      return byName(c, value)
  }
}

/** By user name, e-mail address or `sub`. */
async function byName(c: AsyncContext, name: string): Promise<User | undefined> {
  const { users } = c.var.deps
  return name.length > 320 ? undefined : ((await users.findByIdentifier(name)) ?? users.find(name))
}

/** An ID token of ours for this client, however old. */
async function subjectOfIdToken(c: AsyncContext, client: Client, token: string): Promise<string> {
  const { deps, now } = c.var
  const claims = await deps.keyring.verifyIdTokenHint(token, deps.issuer, now)
  const audience = [claims?.aud].flat()
  if (!claims?.sub || !audience.includes(client.client_id))
    throw invalidRequest('id_token_hint is no ID token of this provider for the client')
  return claims.sub
}

/** Our hint tokens: a JWT of the client for us, with the same `login_hint` in it, and an expiry. */
async function nameInHintToken(c: AsyncContext, client: Client, token: string): Promise<string> {
  const { deps, now } = c.var
  if (token.length > 8192) throw invalidRequest('login_hint_token is too long')
  try {
    const expected = {
      algorithms: assertionAlgorithms,
      issuer: client.client_id,
      audience: [deps.issuer],
      required: ['exp', 'login_hint'],
    }
    const claims = await verifyJwt(token, deps.authenticator.keysOf(client, now), expected, now)
    return String(claims['login_hint'])
  } catch (error) {
    if (error instanceof JWTExpired) throw new OAuthError('expired_login_hint_token', 'the hint has expired')
    if (error instanceof JOSEError) throw invalidRequest('login_hint_token is not acceptable', error.code)
    throw error
  }
}
