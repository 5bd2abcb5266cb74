import { type AskRequest, approvedGrant } from '../../../shared/protocol/ask.ts'
import { OAuthError, invalidRequest } from '../../../shared/protocol/error.ts'
import { isOffline } from '../../../shared/protocol/grant.ts'
import { randomId } from '../../../shared/protocol/handle.ts'
import type { ApprovedGrant, Ask } from '../../../shared/stores/durable-objects/pending-requests.ts'
import { decided } from '../../../shared/stores/grants.ts'
import { shard, shardCount, shardOf } from '../../../shared/stores/shards.ts'
import type { ManagementCall } from '../deps.ts'
import { isoTime } from '../../../shared/http/admin/page.ts'

interface Located {
  readonly index: number
  readonly ask: Ask
  readonly request: AskRequest
}

/** What waits for a person, for a support desk that talks to them. */
export async function listPendingRequests(call: ManagementCall): Promise<Response> {
  checkPermitted(call)
  const id = call.query('user')
  if (id === undefined) throw invalidRequest('user is missing')
  call.target = id
  const user = await call.deps.users.find(id)
  if (!user) throw new OAuthError('not_found', 'there is no such person')
  const index = shardOf(user.sub)
  const asks = await decided(shard(call.deps.pendingRequests, index).asksOf(user.sub, call.now))
  return call.answer({ pendingRequests: asks.map((ask) => shown(index, ask)) })
}

/**
 * Approves in a person's place. The tokens do not say how or when the person signed in, since they did not. What has
 * to be pushed is signed by op-async, so that only the person can approve it.
 */
export async function approvePendingRequest(call: ManagementCall): Promise<Response> {
  const { index, ask, request } = await located(call)
  const { deps, now } = call
  if (ask.push) throw invalidRequest('only the person can approve what is pushed')
  const [client, user] = await Promise.all([deps.clients.find(ask.clientId), deps.users.find(ask.sub ?? '')])
  if (!client || client.disabled || !user || user.disabled)
    throw new OAuthError('not_found', 'the client or the person is disabled')
  const record = approvedGrant(request, client.client_id, user.sub, undefined, now)
  const grant = { id: randomId(), record: JSON.stringify(record) }
  await call.effect(async () => {
    const opened = { ...grant, sub: user.sub, sid: undefined, codeExpiresAt: ask.expiresAt, offline: isOffline(record) }
    const knowledge = { clientId: client.client_id, revision: client.revision }
    const refusal = await decided(shard(deps.ledger, index).open(opened, knowledge))
    if (refusal) throw new OAuthError('not_found', 'the client is disabled')
    await decide(call, index, ask, grant)
  })
  return call.nothing()
}

export async function denyPendingRequest(call: ManagementCall): Promise<Response> {
  const { index, ask } = await located(call)
  await call.effect(() => decide(call, index, ask, undefined))
  return call.nothing()
}

async function decide(call: ManagementCall, index: number, ask: Ask, grant: ApprovedGrant | undefined): Promise<void> {
  const result = ask.push ? { error: 'access_denied' } : undefined
  const won = await decided(shard(call.deps.pendingRequests, index).decide(ask.id, grant, result, call.now))
  if (!won) throw noSuchRequest()
}

async function located(call: ManagementCall): Promise<Located> {
  checkPermitted(call)
  const [, digits = '', id = ''] = /^([0-9a-z]{1,3})\.([\w-]{22})$/.exec(call.subject('request')) ?? []
  const index = Number.parseInt(digits, 36)
  const pending = index < shardCount ? shard(call.deps.pendingRequests, index) : undefined
  const ask = pending && (await decided(pending.askOf(id, call.now)))
  // A device's request has no person yet, for whom somebody else could decide.
  if (!ask || ask.sub === undefined) throw noSuchRequest()
  return { index, ask, request: JSON.parse(ask.request) }
}

/** Off unless the operator's configuration says otherwise. */
function checkPermitted({ deps }: ManagementCall): void {
  if (!deps.supportDecisions)
    throw new OAuthError('not_found', 'deciding in the place of people is switched off (approvals.supportDecisions)')
}

function shown(index: number, ask: Ask): object {
  const request: AskRequest = JSON.parse(ask.request)
  return {
    id: `${index.toString(36)}.${ask.id}`,
    sub: ask.sub,
    client_id: ask.clientId,
    scope: request.scope.join(' '),
    binding_message: request.bindingMessage ?? null,
    createdAt: isoTime(request.askedAt),
    expiresAt: isoTime(ask.expiresAt),
  }
}

function noSuchRequest(): OAuthError {
  return new OAuthError('not_found', 'no such request waits')
}
