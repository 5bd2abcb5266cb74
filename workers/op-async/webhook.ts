import { signJwt } from '../../shared/keys/sign.ts'
import type { AskRequest } from '../../shared/protocol/ask.ts'
import { type Client, displayName } from '../../shared/protocol/client.ts'
import type { User } from '../../shared/stores/users.ts'
import type { AsyncContext } from './deps.ts'

/** Of a type of its own, so that it passes for no other token of ours (RFC 8725 §3.11). */
const type = 'authrim-approval+jwt'

/** Retries of the object that keeps the request go on longer than any request lives. */
interface Waiting {
  readonly client: Client
  readonly user: User
  readonly request: AskRequest
  /** Seconds. */
  readonly expiresAt: number
}

/**
 * Tells the operator's own system that a person has to decide, so that it can reach them: a JWT, signed with the keys
 * of the key set, whose `jti` is that of the request. In a local environment the link is logged as well.
 */
export async function tellOperator(c: AsyncContext, id: string, waiting: Waiting): Promise<void> {
  const { deps, now } = c.var
  const { client, user, request, expiresAt } = waiting
  const link = `${deps.issuer}/approvals`
  if (deps.local) announce(displayName(client), link)
  if (deps.webhook === '') return
  const claims = {
    iss: deps.issuer,
    aud: deps.webhook,
    jti: id,
    iat: now,
    exp: expiresAt,
    sub: user.sub,
    client_id: client.client_id,
    client_name: displayName(client),
    scope: request.scope.join(' '),
    ...(request.bindingMessage !== undefined && { binding_message: request.bindingMessage }),
    approval_uri: link,
  }
  const body = await signJwt(deps.keyring, 'ES256', type, claims, now)
  const notice = { url: deps.webhook, headers: { 'content-type': 'application/jwt' }, body }
  await deps.asks.notify(user.sub, `webhook:${id}`, notice, now)
}

/** Where the person decides, for whoever develops on this machine. */
export function announce(client: string, link: string): void {
  console.log(JSON.stringify({ level: 'info', event: 'approval_waits', client, link }))
}
