import { noStore } from '../../shared/http/no-store.ts'
import { readJson } from '../../shared/http/form.ts'
import { clientMetadata, needsSecret, registeredMetadata } from '../../shared/protocol/client-metadata.ts'
import { tooManyRequests } from '../../shared/protocol/error.ts'
import { handleHash, never, randomId } from '../../shared/protocol/handle.ts'
import { addressKey } from '../../shared/protocol/throttling.ts'
import { bearerHandle } from './bearer-handle.ts'
import { newSecret } from './client-secret.ts'
import type { ManagementContext } from './deps.ts'

/** Client registration endpoint, RFC 7591 §3. */
export async function register(c: ManagementContext): Promise<Response> {
  const { deps, now, log, requestId } = c.var
  if (deps.registration === 'closed') return closed(c)
  if (deps.registration === 'token') await bearerHandle(c, 'initial')
  else await checkRate(c)
  const metadata = clientMetadata(await readJson(c.req.raw), { ...deps.metadataRules, by: 'client' })

  const clientId = randomId()
  const secret = needsSecret(metadata) ? await newSecret() : undefined
  const handle = { kind: 'registration', shard: 0, expiresAt: never, generation: 0, id: randomId() } as const
  const registrationToken = await deps.keyring.mint(handle, now)
  const client = await deps.clientChanges.create(
    {
      ...metadata,
      v: 1,
      client_id: clientId,
      client_id_issued_at: now,
      secrets: secret ? [secret.stored] : [],
      disabled: false,
      registration_token_hash: await handleHash(registrationToken),
    },
    'random',
    { time: Date.now(), actor: clientId, action: 'clients.register', target: clientId, outcome: 'done', requestId },
  )
  log['client_id'] = clientId
  const answer = {
    ...registeredMetadata(client),
    ...(secret && { client_secret: secret.text, client_secret_expires_at: 0 }),
    ...managementAccess(deps.issuer, clientId, registrationToken),
  }
  return c.json(answer, 201, noStore)
}

/** Where and with what a client manages itself (RFC 7592 §3). */
export function managementAccess(issuer: string, clientId: string, token: string): Record<string, string> {
  return {
    registration_client_uri: `${issuer}/register/${encodeURIComponent(clientId)}`,
    registration_access_token: token,
  }
}

/** RFC 7591 has no code for it; 403 says that no credentials would help, and `access_denied` says it to OAuth clients. */
function closed(c: ManagementContext): Response {
  const answer = { error: 'access_denied', error_description: 'clients are registered by the operator' }
  return c.json(answer, 403, noStore)
}

async function checkRate(c: ManagementContext): Promise<void> {
  const key = addressKey(c.req.header('cf-connecting-ip') ?? '')
  const { success } = await c.var.deps.registrationRate.limit({ key })
  if (!success) throw tooManyRequests(60, 'too many registrations')
}
