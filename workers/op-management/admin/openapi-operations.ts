import type { schemas } from './openapi-schemas.ts'

/** One operation as the description tells it. Names of schemas stand for the schema. */
export interface Description {
  readonly says: string
  readonly query?: readonly (keyof typeof queryParameters)[]
  /** Members of the request body; a name ending in `?` is optional. */
  readonly takes?: Readonly<Record<string, object>> | keyof typeof schemas
  /** Members of the answer; without any, 204. */
  readonly gives?: Readonly<Record<string, object>>
  readonly status?: 201
}

export const text = { type: 'string' }
const time = { type: 'string', format: 'date-time' }
const number = { type: 'integer', minimum: 0 }
const nextCursor = { type: ['string', 'null'] }

/** A reference to a schema. */
export function schemaOf(name: keyof typeof schemas): object {
  return { $ref: `#/components/schemas/${name}` }
}

const list = (name: keyof typeof schemas) => ({ type: 'array', items: schemaOf(name) })

export const queryParameters = {
  limit: { type: 'integer', minimum: 1, maximum: 100, default: 50 },
  cursor: text,
  search: text,
  user: { ...text, description: 'sub, user name or e-mail address' },
  client: { ...text, description: 'client_id' },
  since: time,
  actor: { ...text, description: 'kid, sub or client_id' },
} as const

const client = { client: schemaOf('Client') }
const user = { user: schemaOf('User') }
const paging = ['limit', 'cursor'] as const

/** What each operation takes and gives, by the name that the audit log has for it. */
export const descriptions: Readonly<Record<string, Description>> = {
  'clients.list': {
    says: 'List clients',
    query: ['search', ...paging],
    gives: { clients: list('Client'), nextCursor },
  },
  'clients.create': {
    says: 'Register a client; its secret is shown this once',
    takes: 'NewClient',
    gives: client,
    status: 201,
  },
  'clients.show': { says: 'Show a client', gives: client },
  'clients.update': {
    says: 'Change metadata; null resets a member',
    takes: 'ClientMetadata',
    gives: client,
  },
  'clients.delete': { says: 'Delete a client with its grants' },
  'clients.rotate_secret': {
    says: 'Make a new secret, shown this once; the old one counts for `overlap` seconds more',
    takes: { 'overlap?': number },
    gives: client,
  },
  'clients.disable': { says: 'Stop a client at once', gives: client },
  'clients.enable': { says: 'Let a disabled client go on', gives: client },
  'clients.export': {
    says: 'Export clients with hashes of their secrets',
    query: paging,
    gives: { clients: list('ClientExport'), nextCursor },
  },
  'clients.import': {
    says: 'Register or update up to 100 exported clients',
    takes: { clients: list('ClientExport') },
    gives: { imported: number, updated: number },
  },
  'clients.registration_token': {
    says: 'Make an initial access token (RFC 7591 section 3)',
    takes: { 'expiresIn?': { type: 'integer', minimum: 60, description: 'seconds' } },
    gives: { registrationToken: { type: 'object', properties: { token: text, expiresAt: time } } },
    status: 201,
  },
  'users.list': { says: 'List people', query: ['search', ...paging], gives: { users: list('User'), nextCursor } },
  'users.create': { says: 'Add a person', takes: 'NewUser', gives: user, status: 201 },
  'users.show': { says: 'Show a person', gives: user },
  'users.update': { says: 'Change a person; null removes a claim', takes: 'UserChange', gives: user },
  'users.delete': { says: 'Remove a person with sessions, grants and consents' },
  'users.set_password': {
    says: 'Set a password; ends sessions and grants',
    takes: { password: { ...text, minLength: 8 } },
  },
  'users.disable': { says: 'Stop a person at once, everywhere', gives: user },
  'users.enable': { says: 'Let a disabled person in again', gives: user },
  'users.sessions': { says: 'List where a person is signed in', gives: { sessions: list('Session') } },
  'users.sign_out': {
    says: 'End every session and grant of a person',
    gives: { sessions: number, grants: number },
  },
  'users.import': {
    says: 'Add up to 100 people; who exists is skipped',
    takes: { users: list('ImportedUser') },
    gives: {
      imported: number,
      skipped: { type: 'array', items: { type: 'object', properties: { email: text, reason: text } } },
    },
  },
  'grants.list': {
    says: 'List grants',
    query: ['user', 'client', ...paging],
    gives: { grants: list('Grant'), nextCursor },
  },
  'grants.revoke_all': {
    says: 'End the grants of a person, a client or both',
    query: ['user', 'client'],
    gives: { revoked: number },
  },
  'grants.revoke': { says: 'End a grant' },
  'pending_requests.list': {
    says: 'List what waits for a person (only where approvals.supportDecisions is on)',
    query: ['user'],
    gives: { pendingRequests: list('PendingRequest') },
  },
  'pending_requests.approve': { says: 'Approve in the place of a person' },
  'pending_requests.deny': { says: 'Deny in the place of a person' },
  'keys.list': { says: 'List signing keys', gives: { keys: list('Key'), schedule: schemaOf('Schedule') } },
  'keys.rotate': {
    says: 'Plan the switch to the next key; with `now`, at once',
    takes: { 'alg?': { enum: ['ES256', 'RS256'] }, 'now?': { type: 'boolean' } },
    gives: { rotations: list('Rotation') },
  },
  'keys.revoke': {
    says: 'Drop a leaked key with every token it signed',
    gives: { revocation: schemaOf('Revocation') },
  },
  'keys.schedule': {
    says: 'Set how often keys rotate by themselves',
    takes: { days: number },
    gives: { schedule: schemaOf('Schedule') },
  },
  'operators.list': { says: 'List operators', gives: { operators: list('Operator') } },
  'operators.add': {
    says: 'Admit an operator',
    takes: 'NewOperator',
    gives: { operator: schemaOf('Operator') },
    status: 201,
  },
  'operators.remove': { says: 'Shut an operator out, at once' },
  'audit.list': {
    says: 'List who did what, newest first',
    query: ['since', 'actor', ...paging],
    gives: { events: list('AuditEvent'), nextCursor },
  },
  'openapi.show': { says: 'This description', gives: {} },
}
