import { OAuthError, invalidRequest } from '../../../shared/protocol/error.ts'
import { parseGrant } from '../../../shared/protocol/grant.ts'
import type { GrantListing } from '../../../shared/stores/durable-objects/grant-ledger.ts'
import { decided } from '../../../shared/stores/grants.ts'
import { allShards, shard, shardCount } from '../../../shared/stores/shards.ts'
import type { ManagementCall } from '../deps.ts'
import { isoTime, nextCursor, pageOf } from '../../../shared/http/admin/page.ts'

/** In the order of their ids, which no new grant disturbs. Every shard is asked, since a person's grants lie anywhere. */
export async function listGrants(call: ManagementCall): Promise<Response> {
  const { limit, after } = pageOf(call)
  const of = await selection(call)
  const ledgers = allShards(call.deps.ledger)
  const lists = await decided(Promise.all(ledgers.map((ledger) => ledger.list(of, after, limit, call.now))))
  const grants = lists
    .flatMap((list, index) => list.map((grant) => ({ index, grant })))
    .toSorted((a, b) => (a.grant.id < b.grant.id ? -1 : 1))
  const page = grants.slice(0, limit)
  const full = lists.some((list) => list.length === limit) || grants.length > limit
  return call.answer({
    grants: page.map(({ index, grant }) => shownGrant(index, grant)),
    nextCursor: nextCursor(full, page.at(-1)?.grant.id),
  })
}

export async function revokeGrant(call: ManagementCall): Promise<Response> {
  const [, index, id] = /^([0-9a-z]{1,3})\.([\w-]{22})$/.exec(call.subject('grant')) ?? []
  const number = Number.parseInt(index ?? '', 36)
  if (id === undefined || !(number < shardCount)) throw noSuchGrant()
  const ledger = shard(call.deps.ledger, number)
  if ((await decided(ledger.read(id))) === undefined) throw noSuchGrant()
  await call.effect(() => decided(ledger.revoke(id, call.now)))
  return call.nothing()
}

/** Ends every grant of a person, of a client, or of a person for a client. */
export async function revokeGrants(call: ManagementCall): Promise<Response> {
  const of = await selection(call)
  if (of.sub === undefined && of.clientId === undefined) throw invalidRequest('user or client is missing')
  call.target = [of.sub, of.clientId].filter((part) => part !== undefined).join(' ')
  return call.answer({ revoked: await call.effect(() => call.deps.signOut.endGrants(of, call.now)) })
}

async function selection(call: ManagementCall): Promise<{ sub: string | undefined; clientId: string | undefined }> {
  const user = call.query('user')
  // A person who was deleted is still known to the ledger by `sub`.
  const sub = user === undefined ? undefined : ((await call.deps.users.find(user))?.sub ?? user)
  return { sub, clientId: call.query('client') }
}

/** The id names the shard, so that a single object is asked for it. */
function shownGrant(index: number, grant: GrantListing): object {
  const { sub, clientId, revoked, offline, expiresAt } = grant
  const record = parseGrant(grant.record)
  return {
    id: `${index.toString(36)}.${grant.id}`,
    sub,
    client_id: clientId,
    scope: record?.scope ?? '',
    createdAt: record ? isoTime(record.created_at) : null,
    expiresAt: isoTime(expiresAt),
    revoked,
    offline,
  }
}

function noSuchGrant(): OAuthError {
  return new OAuthError('not_found', 'there is no such grant')
}
