import * as v from 'valibot'
import { needsSecret, registeredMetadata } from '../../../shared/protocol/client-metadata.ts'
import type { Client, ClientMetadata } from '../../../shared/protocol/client.ts'
import { OAuthError, invalidRequest } from '../../../shared/protocol/error.ts'
import { isVerifiable } from '../../../shared/protocol/password-hash.ts'
import { isClientId } from '../../../shared/stores/clients.ts'
import { identityOf, registrationOf } from '../client-changes.ts'
import type { ManagementCall } from '../deps.ts'
import { newClient, operatorsMetadata, shownClient } from './clients.ts'
import { nextCursor, pageOf } from '../../../shared/http/admin/page.ts'
import { ImportedUser } from './user-schema.ts'
import { newUser } from './users.ts'

const largestBatch = 100

const Secret = v.object({
  hash: v.pipe(v.string(), v.regex(/^[\w-]{43}$/, 'SHA-256, base64url')),
  expires_at: v.exactOptional(v.pipe(v.number(), v.integer())),
})

const Entries = v.pipe(v.array(v.unknown()), v.maxLength(largestBatch))
const ClientBatch = v.object({ clients: Entries })
const UserBatch = v.object({ users: Entries })

/** What an export has beside the metadata. */
const Identity = v.object({
  client_id: v.pipe(v.string(), v.check(isClientId)),
  client_id_issued_at: v.exactOptional(v.pipe(v.number(), v.integer())),
  disabled: v.exactOptional(v.boolean()),
  registration_token_hash: v.exactOptional(v.string()),
  secret_hashes: v.exactOptional(v.pipe(v.array(Secret), v.maxLength(10))),
})

/** Clients as they are, with the hashes of their secrets. */
export async function exportClients(call: ManagementCall): Promise<Response> {
  const { limit, after } = pageOf(call)
  const clients = await call.deps.clients.list(undefined, after, limit)
  return call.answer({
    clients: clients.map((client) => ({
      ...shownClient(client),
      secret_hashes: client.secrets,
      ...registrationOf(client),
    })),
    nextCursor: nextCursor(clients.length === limit, clients.at(-1)?.client_id),
  })
}

/** Registers clients or makes existing ones like those given; what is equal already is left alone. */
export async function importClients(call: ManagementCall): Promise<Response> {
  const { clients } = call.body(ClientBatch)
  const wanted = clients.map((entry) => parsedClient(call, entry))
  const counts = { imported: 0, updated: 0 }
  for (const { given, metadata } of wanted) {
    const {
      client_id: id,
      client_id_issued_at: issuedAt = call.now,
      disabled = false,
      secret_hashes: secrets = [],
    } = given
    if (needsSecret(metadata) && secrets.length === 0) throw invalidRequest(`${id} has no secret_hashes`)
    const fresh = { ...newClient(metadata, id, secrets, issuedAt), disabled, ...registrationOf(given) }
    const existing = await call.deps.clients.find(id)
    if (!existing) {
      await call.change((event) => call.deps.clientChanges.create(fresh, 'chosen', { ...event, target: id }))
      counts.imported += 1
    } else if (differs(call, existing, metadata, { secrets, disabled })) {
      await call.change((event) =>
        call.deps.clientChanges.change(id, { ...event, target: id }, (latest) => ({
          ...identityOf(latest),
          ...metadata,
          secrets,
          disabled,
        })),
      )
      counts.updated += 1
    }
  }
  return call.answer(counts)
}

interface WantedClient {
  readonly given: v.InferOutput<typeof Identity>
  readonly metadata: ClientMetadata
}

function parsedClient(call: ManagementCall, entry: unknown): WantedClient {
  const identity = v.safeParse(Identity, entry)
  if (!identity.success) throw invalidRequest('a client has no client_id, or secret_hashes that are none')
  const given = identity.output
  try {
    return { given, metadata: operatorsMetadata(call, entry) }
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    throw new OAuthError(error.code, `${given.client_id}: ${error.message}`)
  }
}

function differs(call: ManagementCall, client: Client, metadata: ClientMetadata, rest: object): boolean {
  const { secrets, disabled } = client
  const registered = operatorsMetadata(call, registeredMetadata(client))
  return JSON.stringify([registered, { secrets, disabled }]) !== JSON.stringify([metadata, rest])
}

/** Adds people; who exists is skipped, and so is who could never sign in with the hash that was given. */
export async function importUsers(call: ManagementCall): Promise<Response> {
  const { users } = call.body(UserBatch)
  const skipped: { email: string | null; reason: string }[] = []
  const result = await call.effect(async () => {
    let imported = 0
    for (const entry of users) {
      const reason = await importUser(call, entry)
      if (reason === undefined) imported += 1
      else skipped.push({ email: emailOf(entry), reason })
    }
    return imported
  })
  return call.answer({ imported: result, skipped })
}

/** Why the person was not added; undefined if so. */
async function importUser(call: ManagementCall, entry: unknown): Promise<string | undefined> {
  const parsed = v.safeParse(ImportedUser, entry, { abortEarly: true })
  if (!parsed.success) {
    const [issue] = parsed.issues
    return `${issue.path?.map(({ key }) => String(key)).join('.') ?? 'entry'}: ${issue.message}`
  }
  const { passwordHash, ...given } = parsed.output
  if (passwordHash !== undefined && !isVerifiable(passwordHash))
    return 'passwordHash: a format or cost that a Worker cannot verify'
  const added = await call.deps.users.insertIfMissing(newUser(given, call.now), passwordHash)
  return added ? undefined : 'the e-mail address or user name exists'
}

function emailOf(entry: unknown): string | null {
  const email = typeof entry === 'object' && entry !== null && 'email' in entry ? entry.email : undefined
  return typeof email === 'string' ? email.slice(0, 254) : null
}
