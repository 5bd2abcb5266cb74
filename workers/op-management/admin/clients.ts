import * as v from 'valibot'
import { secretHash } from '../../../shared/http/authenticate-client.ts'
import { clientMetadata, needsSecret, registeredMetadata } from '../../../shared/protocol/client-metadata.ts'
import type { Client, ClientMetadata, ClientSecret } from '../../../shared/protocol/client.ts'
import { invalidRequest } from '../../../shared/protocol/error.ts'
import { randomId } from '../../../shared/protocol/handle.ts'
import { isClientId } from '../../../shared/stores/clients.ts'
import { identityOf, noSuchClient } from '../client-changes.ts'
import { endingSecrets, newSecret } from '../client-secret.ts'
import type { ManagementCall } from '../deps.ts'
import { isoTime, nextCursor, pageOf } from '../../../shared/http/admin/page.ts'

/** Seconds that an old secret may live on. */
const longestOverlap = 30 * 86_400

const Identity = v.object({
  client_id: v.exactOptional(
    v.pipe(
      v.string(),
      v.check((id) => isClientId(id) && !id.includes(':'), 'printable ASCII without colon and space'),
    ),
  ),
  client_secret: v.exactOptional(v.pipe(v.string(), v.minLength(16), v.maxLength(256))),
})

const Rotation = v.object({
  overlap: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(longestOverlap))),
})

export async function listClients(call: ManagementCall): Promise<Response> {
  const { limit, after } = pageOf(call)
  const clients = await call.deps.clients.list(call.query('search'), after, limit)
  const cursor = nextCursor(clients.length === limit, clients.at(-1)?.client_id)
  return call.answer({ clients: clients.map(shownClient), nextCursor: cursor })
}

export async function showClient(call: ManagementCall): Promise<Response> {
  const client = await call.deps.clients.find(call.subject('client_id'))
  if (!client) throw noSuchClient()
  return call.answer({ client: shownClient(client) })
}

export async function createClient(call: ManagementCall): Promise<Response> {
  const { client_id: clientId = randomId(), client_secret: known } = call.body(Identity)
  call.target = clientId
  const metadata = operatorsMetadata(call, call.json())
  if (known !== undefined && !needsSecret(metadata)) throw invalidRequest('a client that uses no secret was given one')
  const fresh = known === undefined && needsSecret(metadata) ? await newSecret() : undefined
  const stored = known === undefined ? fresh?.stored : { hash: await secretHash(known) }
  const client = await call.change((event) =>
    call.deps.clientChanges.create(newClient(metadata, clientId, stored ? [stored] : [], call.now), 'chosen', event),
  )
  return call.answer({ client: { ...shownClient(client), ...(fresh && shownSecret(fresh.text)) } }, 201)
}

/** Members that are given replace the registered ones; null resets a member. */
export async function updateClient(call: ManagementCall): Promise<Response> {
  const clientId = call.subject('client_id')
  const input = call.json()
  if (typeof input !== 'object' || input === null) throw invalidRequest('the body must be a JSON object')
  if ('client_id' in input || 'client_secret' in input)
    throw invalidRequest('client_id and client_secret stay as they are')
  const fresh = await newSecret()
  const client = await call.change((event) =>
    call.deps.clientChanges.change(clientId, event, (latest) => {
      const { response_types: _, ...registered } = registeredMetadata(latest)
      const metadata = operatorsMetadata(call, { ...registered, ...input })
      const { secrets } = latest
      const kept = needsSecret(metadata) ? (secrets.length > 0 ? secrets : [fresh.stored]) : []
      return { ...identityOf(latest), ...metadata, secrets: kept }
    }),
  )
  const isNew = client.secrets.some(({ hash }) => hash === fresh.stored.hash)
  return call.answer({ client: { ...shownClient(client), ...(isNew && shownSecret(fresh.text)) } })
}

export async function deleteClient(call: ManagementCall): Promise<Response> {
  const clientId = call.subject('client_id')
  await call.change((event) => call.deps.clientChanges.delete(clientId, event))
  return call.nothing()
}

/** A new secret; the old one is accepted for `overlap` seconds more. */
export async function rotateSecret(call: ManagementCall): Promise<Response> {
  const clientId = call.subject('client_id')
  const { overlap = 0 } = call.body(Rotation)
  const fresh = await newSecret()
  const endsAt = call.now + overlap
  const client = await call.change((event) =>
    call.deps.clientChanges.change(clientId, event, (latest) => {
      if (!needsSecret(latest)) throw invalidRequest('this client authenticates without a secret')
      return { ...latest, secrets: [fresh.stored, ...endingSecrets(latest.secrets, endsAt, call.now)] }
    }),
  )
  const previous = client.secrets.length > 1 ? { previous_secret_expires_at: isoTime(endsAt) } : {}
  return call.answer({ client: { client_id: clientId, ...shownSecret(fresh.text), ...previous } })
}

export const disableClient = (call: ManagementCall): Promise<Response> => setDisabled(call, true)
export const enableClient = (call: ManagementCall): Promise<Response> => setDisabled(call, false)

async function setDisabled(call: ManagementCall, disabled: boolean): Promise<Response> {
  const clientId = call.subject('client_id')
  const client = await call.change((event) =>
    call.deps.clientChanges.change(clientId, event, (latest) => ({ ...latest, disabled })),
  )
  return call.answer({ client: shownClient(client) })
}

/** @throws OAuthError invalid_redirect_uri, invalid_client_metadata */
export function operatorsMetadata(call: ManagementCall, input: unknown): ClientMetadata {
  return clientMetadata(input, { ...call.deps.metadataRules, by: 'operator' })
}

export function newClient(
  metadata: ClientMetadata,
  clientId: string,
  secrets: readonly ClientSecret[],
  now: number,
): Omit<Client, 'revision'> {
  return { ...metadata, v: 1, client_id: clientId, client_id_issued_at: now, secrets, disabled: false }
}

export function shownClient(client: Client): Record<string, unknown> {
  return { ...registeredMetadata(client), disabled: client.disabled }
}

function shownSecret(text: string): Record<string, unknown> {
  return { client_secret: text, client_secret_expires_at: 0 }
}
