import { type Description, schemaOf } from '../../../shared/http/admin/openapi.ts'
import type { schemas } from './openapi-schemas.ts'

type SchemaName = keyof typeof schemas

const text = { type: 'string' }
const time = { type: 'string', format: 'date-time' }
const number = { type: 'integer', minimum: 0 }
const nextCursor = { type: ['string', 'null'] }

const list = (name: SchemaName) => ({ type: 'array', items: schemaOf(name) })

const client = { client: schemaOf('Client') }
const user = { user: schemaOf('User') }
const rows = { rows: { type: 'array' } }
const paging = ['limit', 'cursor'] as const

/** What each operation takes and gives, by the name that the audit log has for it. */
export const descriptions: Readonly<Record<string, Description<SchemaName>>> = {
  'clients.list': {
    query: ['search', ...paging],
    gives: { clients: list('Client'), nextCursor },
  },
  'clients.create': {
    says: 'The secret is shown this once',
    takes: 'NewClient',
    gives: client,
    status: 201,
  },
  'clients.show': { gives: client },
  'clients.update': {
    takes: 'ClientMetadata',
    gives: client,
  },
  'clients.delete': {},
  'clients.rotate_secret': {
    says: 'The old one counts for `overlap` seconds more',
    takes: { 'overlap?': number },
    gives: client,
  },
  'clients.disable': { gives: client },
  'clients.enable': { gives: client },
  'clients.export': {
    says: 'Hashed secrets',
    query: paging,
    gives: { clients: list('ClientExport'), nextCursor },
  },
  'clients.import': {
    says: 'Up to 100, new or known',
    takes: { clients: list('ClientExport') },
    gives: { imported: number, updated: number },
  },
  'clients.registration_token': {
    says: 'An initial access token, RFC 7591',
    takes: { 'expiresIn?': { type: 'integer', minimum: 60, description: 'seconds' } },
    gives: { registrationToken: { type: 'object', properties: { token: text, expiresAt: time } } },
    status: 201,
  },
  'users.list': { query: ['search', ...paging], gives: { users: list('User'), nextCursor } },
  'users.create': { takes: 'NewUser', gives: user, status: 201 },
  'users.show': { gives: user },
  'users.update': { says: 'Null removes a claim', takes: 'UserChange', gives: user },
  'users.delete': { says: 'And sessions, grants, consents' },
  'users.set_password': {
    says: 'Ends sessions and grants',
    takes: { password: { ...text, minLength: 8 } },
  },
  'users.disable': { gives: user },
  'users.enable': { gives: user },
  'users.sessions': { gives: { sessions: list('Session') } },
  'users.sign_out': {
    says: 'Every session and grant of a person',
    gives: { sessions: number, grants: number },
  },
  'users.import': {
    says: 'Up to 100; who exists stays',
    takes: { users: list('ImportedUser') },
    gives: {
      imported: number,
      skipped: { type: 'array', items: { type: 'object', properties: { email: text, reason: text } } },
    },
  },
  'grants.list': {
    query: ['user', 'client', ...paging],
    gives: { grants: list('Grant'), nextCursor },
  },
  'grants.revoke_all': {
    says: 'Of a person, a client or both',
    query: ['user', 'client'],
    gives: { revoked: number },
  },
  'grants.revoke': {},
  'pending_requests.list': { query: ['user'], gives: { pendingRequests: list('PendingRequest') } },
  'pending_requests.approve': {},
  'pending_requests.deny': {},
  'keys.list': { gives: { keys: list('Key'), schedule: schemaOf('Schedule') } },
  'keys.rotate': {
    says: 'With `now`, at once',
    takes: { 'alg?': { enum: ['ES256', 'RS256'] }, 'use?': { const: 'saml' }, 'now?': { type: 'boolean' } },
    gives: { rotations: list('Rotation') },
  },
  'keys.revoke': {
    says: 'Drop a leaked key, with what it signed',
    gives: { revocation: schemaOf('Revocation') },
  },
  'keys.schedule': {
    takes: { days: number },
    gives: { schedule: schemaOf('Schedule') },
  },
  'backup.read': {
    says: 'users, credentials, consents or keys',
    query: paging,
    gives: { ...rows, nextCursor },
  },
  'backup.write': { takes: rows, gives: { restored: number } },
  'backup.epoch': { says: 'Ends every grant and session' },
  'operators.list': { gives: { operators: list('Operator') } },
  'operators.add': {
    takes: 'NewOperator',
    gives: { operator: schemaOf('Operator') },
    status: 201,
  },
  'operators.remove': {},
  'audit.list': {
    query: ['since', 'actor', ...paging],
    gives: { events: list('AuditEvent'), nextCursor },
  },
  'openapi.show': { gives: {} },
}
