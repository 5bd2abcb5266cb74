import { readForm } from '../../shared/http/form.ts'
import { accessTokenType, shardOfTokenId } from '../../shared/protocol/access-token.ts'
import type { Client } from '../../shared/protocol/client.ts'
import { parseGrant } from '../../shared/protocol/grant.ts'
import { handleHash } from '../../shared/protocol/handle.ts'
import { decided } from '../../shared/stores/grants.ts'
import { shard } from '../../shared/stores/shards.ts'
import type { ManagementContext } from './deps.ts'
import { noStore } from '../../shared/http/no-store.ts'

/**
 * Revocation endpoint, RFC 7009. The hint is not needed, since a token tells its kind; what is not the client's own
 * stays as it is, under the same empty answer.
 */
export async function revoke(c: ManagementContext): Promise<Response> {
  const { deps, now, log } = c.var
  const params = (await readForm(c.req.raw)).unrepeated()
  const client = await deps.authenticator.authenticate(c.req.raw, params, '/revoke', now)
  log['client_id'] = client.client_id
  const token = params.required('token')
  if (token.includes('.')) await revokeJwt(c, token, client)
  else if (!(await revokeGrant(c, token, client))) await revokeOpaque(c, token, client)
  return c.body(null, 200, noStore)
}

async function revokeJwt(c: ManagementContext, token: string, client: Client): Promise<void> {
  const { keyring, issuer } = c.var.deps
  await revokeClaims(c, await keyring.verify(token, { types: [accessTokenType], issuer }, c.var.now), client)
}

async function revokeOpaque(c: ManagementContext, token: string, client: Client): Promise<void> {
  const { deps, now } = c.var
  const handle = await deps.keyring.open('access', token, now)
  if (!handle) return
  const stored = await decided(shard(deps.ledger, handle.shard).token(await handleHash(token), now))
  await revokeClaims(c, stored === undefined ? undefined : JSON.parse(stored), client)
}

async function revokeClaims(c: ManagementContext, claims: unknown, client: Client): Promise<void> {
  if (typeof claims !== 'object' || claims === null) return
  const { client_id: owner, jti, exp }: Record<string, unknown> = { ...claims }
  if (owner !== client.client_id || typeof jti !== 'string' || typeof exp !== 'number') return
  const index = shardOfTokenId(jti)
  if (index !== undefined) await decided(shard(c.var.deps.ledger, index).revokeToken(jti, exp))
}

/** A refresh token takes its whole grant along, and with it every access token (RFC 7009 §2.1). */
async function revokeGrant(c: ManagementContext, token: string, client: Client): Promise<boolean> {
  const { deps, now } = c.var
  const handle = await deps.keyring.open('refresh', token, now)
  if (!handle) return false
  const ledger = shard(deps.ledger, handle.shard)
  const grant = parseGrant(await decided(ledger.read(handle.id)))
  if (grant?.client_id === client.client_id) await decided(ledger.revoke(handle.id, now))
  return true
}
