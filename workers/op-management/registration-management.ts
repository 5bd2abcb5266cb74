import { secretHash } from '../../shared/http/authenticate-client.ts'
import { readJson } from '../../shared/http/form.ts'
import {
  clientMetadata,
  needsSecret,
  operatorsMembers,
  registeredMetadata,
} from '../../shared/protocol/client-metadata.ts'
import type { Client, ClientMetadata } from '../../shared/protocol/client.ts'
import { OAuthError } from '../../shared/protocol/error.ts'
import type { AuditEvent } from '../../shared/stores/d1/audit-log.ts'
import { isClientId } from '../../shared/stores/clients.ts'
import { identityOf } from './client-changes.ts'
import { bearerText } from '../../shared/http/bearer.ts'
import { bearerHandle } from './bearer-handle.ts'
import { newSecret } from './client-secret.ts'
import type { ManagementContext } from './deps.ts'
import { noStore } from '../../shared/http/no-store.ts'
import { managementAccess } from './register.ts'

/** Client read request, RFC 7592 §2.1. */
export async function readRegistration(c: ManagementContext): Promise<Response> {
  return c.json(registration(c, await registeredClient(c)), 200, noStore)
}

/** Client update request, RFC 7592 §2.2: replaces everything that the client may say about itself. */
export async function updateRegistration(c: ManagementContext): Promise<Response> {
  const { deps } = c.var
  const known = await registeredClient(c)
  const input = await readJson(c.req.raw)
  await checkIdentity(known, input)
  const metadata = clientMetadata(input, { ...deps.metadataRules, by: 'client' })
  const secret = needsSecret(metadata) && known.secrets.length === 0 ? await newSecret() : undefined
  const client = await deps.clientChanges.change(known.client_id, event(c, known, 'clients.update'), (latest) =>
    replaced(latest, metadata, secret?.stored),
  )
  const shown = secret && { client_secret: secret.text, client_secret_expires_at: 0 }
  return c.json({ ...registration(c, client), ...shown }, 200, noStore)
}

/** Client delete request, RFC 7592 §2.3. */
export async function deleteRegistration(c: ManagementContext): Promise<Response> {
  const known = await registeredClient(c)
  await c.var.deps.clientChanges.delete(known.client_id, event(c, known, 'clients.delete'))
  return c.body(null, 204, noStore)
}

/**
 * The client that the address names, if the registration access token is its own. Unknown clients and other clients'
 * tokens get the same answer.
 * @throws OAuthError invalid_token
 */
async function registeredClient(c: ManagementContext): Promise<Client> {
  const hash = await bearerHandle(c, 'registration')
  const clientId = c.req.param('client_id') ?? ''
  const client = isClientId(clientId) ? await c.var.deps.clients.find(clientId) : undefined
  if (!client || client.disabled || client.registration_token_hash !== hash)
    throw new OAuthError('invalid_token', 'the token is missing, invalid or expired')
  c.var.log['client_id'] = clientId
  return client
}

const serverManaged = [
  'registration_access_token',
  'registration_client_uri',
  'client_secret_expires_at',
  'client_id_issued_at',
]

async function checkIdentity(client: Client, input: unknown): Promise<void> {
  if (typeof input !== 'object' || input === null) throw invalid('the metadata must be a JSON object')
  const members: Record<string, unknown> = { ...input }
  const managed = serverManaged.find((member) => members[member] !== undefined)
  if (managed) throw invalid(`${managed} is not the client's to change`)
  if (members['client_id'] !== client.client_id) throw invalid('client_id must be the one of the client')
  const { client_secret: secret } = members
  if (secret === undefined) return
  const hash = typeof secret === 'string' ? await secretHash(secret) : undefined
  if (!client.secrets.some((stored) => stored.hash === hash))
    throw invalid('client_secret must be the one of the client')
}

/** What the operator decided about the client stays; what the client leaves out goes back to its default. */
function replaced(client: Client, metadata: ClientMetadata, secret: Client['secrets'][number] | undefined): Client {
  const kept = needsSecret(metadata) ? client.secrets : []
  return {
    ...identityOf(client),
    ...metadata,
    ...operatorsMembers(client),
    secrets: secret && kept.length === 0 ? [secret] : kept,
  }
}

function registration(c: ManagementContext, client: Client): Record<string, unknown> {
  const access = managementAccess(c.var.deps.issuer, client.client_id, bearerText(c) ?? '')
  return { ...registeredMetadata(client), ...access }
}

function event(c: ManagementContext, { client_id: id }: Client, action: string): AuditEvent {
  return { time: Date.now(), actor: id, action, target: id, outcome: 'done', requestId: c.var.requestId }
}

function invalid(description: string): OAuthError {
  return new OAuthError('invalid_client_metadata', description)
}
