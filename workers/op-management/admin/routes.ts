import type { AdminOperation } from '../../../shared/http/admin/call.ts'
import type { ManagementDeps } from '../deps.ts'
import { listAudit } from './audit.ts'
import {
  createClient,
  deleteClient,
  disableClient,
  enableClient,
  listClients,
  rotateSecret,
  showClient,
  updateClient,
} from './clients.ts'
import { listGrants, revokeGrant, revokeGrants } from './grants.ts'
import { exportClients, importClients, importUsers } from './imports.ts'
import { exportRows, importRows, startEpoch } from './backup.ts'
import { listKeys, revokeKey, rotateKeys, setSchedule } from './keys.ts'
import { openApi } from '../../../shared/http/admin/openapi.ts'
import { descriptions } from './openapi-operations.ts'
import { schemas } from './openapi-schemas.ts'
import { addOperator, listOperators, removeOperator } from './operators.ts'
import { approvePendingRequest, denyPendingRequest, listPendingRequests } from './pending-requests.ts'
import { createRegistrationToken } from './registration-tokens.ts'
import {
  createUser,
  deleteUser,
  disableUser,
  enableUser,
  listSessions,
  listUsers,
  setPassword,
  showUser,
  signOutUser,
  updateUser,
} from './users.ts'

/** Every operation of the admin API that is not about SAML. */
export const operations: readonly AdminOperation<ManagementDeps>[] = [
  ['GET /clients', 'clients.list', listClients],
  ['POST /clients', 'clients.create', createClient],
  ['GET /clients/:client_id', 'clients.show', showClient],
  ['PATCH /clients/:client_id', 'clients.update', updateClient],
  ['DELETE /clients/:client_id', 'clients.delete', deleteClient],
  ['POST /clients/:client_id/secret', 'clients.rotate_secret', rotateSecret],
  ['POST /clients/:client_id/disable', 'clients.disable', disableClient],
  ['POST /clients/:client_id/enable', 'clients.enable', enableClient],
  ['GET /exports/clients', 'clients.export', exportClients],
  ['POST /imports/clients', 'clients.import', importClients],
  ['POST /registration-tokens', 'clients.registration_token', createRegistrationToken],
  ['GET /users', 'users.list', listUsers],
  ['POST /users', 'users.create', createUser],
  ['GET /users/:user', 'users.show', showUser],
  ['PATCH /users/:user', 'users.update', updateUser],
  ['DELETE /users/:user', 'users.delete', deleteUser],
  ['PUT /users/:user/password', 'users.set_password', setPassword],
  ['POST /users/:user/disable', 'users.disable', disableUser],
  ['POST /users/:user/enable', 'users.enable', enableUser],
  ['GET /users/:user/sessions', 'users.sessions', listSessions],
  ['POST /users/:user/sign-out', 'users.sign_out', signOutUser],
  ['POST /imports/users', 'users.import', importUsers],
  ['GET /grants', 'grants.list', listGrants],
  ['DELETE /grants', 'grants.revoke_all', revokeGrants],
  ['DELETE /grants/:grant', 'grants.revoke', revokeGrant],
  ['GET /pending-requests', 'pending_requests.list', listPendingRequests],
  ['POST /pending-requests/:request/approve', 'pending_requests.approve', approvePendingRequest],
  ['POST /pending-requests/:request/deny', 'pending_requests.deny', denyPendingRequest],
  ['GET /keys', 'keys.list', listKeys],
  ['POST /keys/rotate', 'keys.rotate', rotateKeys],
  ['POST /keys/:kid/revoke', 'keys.revoke', revokeKey],
  ['PUT /keys/schedule', 'keys.schedule', setSchedule],
  ['GET /backup/:table', 'backup.read', exportRows],
  ['PUT /backup/:table', 'backup.write', importRows],
  ['POST /epoch', 'backup.epoch', startEpoch],
  ['GET /operators', 'operators.list', listOperators],
  ['POST /operators', 'operators.add', addOperator],
  ['DELETE /operators/:kid', 'operators.remove', removeOperator],
  ['GET /audit', 'audit.list', listAudit],
  [
    'GET /openapi.json',
    'openapi.show',
    async (call) => call.answer(openApi(call.deps.issuer, operations, descriptions, schemas)),
  ],
]
