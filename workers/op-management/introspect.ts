import { readForm } from '../../shared/http/form.ts'
import { type Client, isPublic } from '../../shared/protocol/client.ts'
import { invalidClient } from '../../shared/protocol/error.ts'
import { parseGrant } from '../../shared/protocol/grant.ts'
import { decided } from '../../shared/stores/grants.ts'
import { shard } from '../../shared/stores/shards.ts'
import type { ManagementContext } from './deps.ts'
import { noStore } from '../../shared/http/no-store.ts'

/** Introspection endpoint, RFC 7662. Whatever the caller may not know about is inactive, without a reason (§2.2). */
export async function introspect(c: ManagementContext): Promise<Response> {
  const { deps, now, log } = c.var
  const params = (await readForm(c.req.raw)).unrepeated()
  const caller = await deps.authenticator.authenticate(c.req.raw, params, '/introspect', now)
  if (isPublic(caller)) throw invalidClient('introspection needs client authentication')
  log['client_id'] = caller.client_id
  const token = params.required('token')
  const standing = (await accessToken(c, token, caller)) ?? (await refreshToken(c, token, caller))
  return c.json(standing ? { active: true, ...standing } : { active: false }, 200, noStore)
}

async function accessToken(c: ManagementContext, token: string, caller: Client): Promise<object | undefined> {
  const live = await c.var.deps.tokens.find(token, c.var.now)
  if (!live) return undefined
  const { scope, client_id, sub, aud, iss, exp, iat, jti, acr, amr, auth_time, sid } = live.claims
  const audience = Array.isArray(aud) ? aud : [aud]
  const meant = caller.resource !== undefined && audience.includes(caller.resource)
  if (client_id !== caller.client_id && !meant) return undefined
  // A token without scope has no member for it, as in RFC 7662 §2.2.
  const granted = scope === '' ? undefined : scope
  return { scope: granted, client_id, token_type: 'Bearer', sub, aud, iss, exp, iat, jti, acr, amr, auth_time, sid }
}

/** Only its own client can do anything with a refresh token, so only that one learns about it. */
async function refreshToken(c: ManagementContext, token: string, caller: Client): Promise<object | undefined> {
  const { deps, now } = c.var
  const handle = await deps.keyring.open('refresh', token, now)
  if (!handle) return undefined
  const ledger = shard(deps.ledger, handle.shard)
  const grant = parseGrant(await decided(ledger.refreshStanding(handle.id, handle.generation, now)))
  if (grant?.client_id !== caller.client_id) return undefined
  const { scope, client_id, sub, acr, amr, auth_time, sid } = grant
  return { scope, client_id, sub, iss: deps.issuer, exp: handle.expiresAt, acr, amr, auth_time, sid }
}
