import type { AdminOperation } from '../../../shared/http/admin/call.ts'
import { openApi } from '../../../shared/http/admin/openapi.ts'
import type { PartnerRole } from '../../../shared/protocol/saml-partner.ts'
import type { SamlCall, SamlDeps } from '../deps.ts'
import { exportSamlRows, importSamlRows } from './backup.ts'
import { descriptions, schemas } from './openapi-operations.ts'
import { showOwnMetadata } from './own-metadata.ts'
import { addPartner, listPartners, refreshPartner, removePartner, showPartner, updatePartner } from './partners.ts'

/** The operations of the admin API about SAML; all others are served by op-management. */
export const samlOperations: readonly AdminOperation<SamlDeps>[] = [
  ...partnerOperations('sp'),
  ...partnerOperations('idp'),
  ['GET /saml/metadata', 'saml.metadata', showOwnMetadata],
  ['GET /saml/backup/:table', 'saml.backup_read', exportSamlRows],
  ['PUT /saml/backup/:table', 'saml.backup_write', importSamlRows],
  [
    'GET /saml/openapi.json',
    'saml.openapi',
    async (call) => call.answer(openApi(call.deps.issuer, samlOperations, descriptions, schemas)),
  ],
]

function partnerOperations(role: PartnerRole): AdminOperation<SamlDeps>[] {
  const of = (handle: (call: SamlCall, role: PartnerRole) => Promise<Response>) => (call: SamlCall) =>
    handle(call, role)
  return [
    [`GET /saml/${role}`, `saml.${role}.list`, of(listPartners)],
    [`POST /saml/${role}`, `saml.${role}.add`, of(addPartner)],
    [`GET /saml/${role}/:partner`, `saml.${role}.show`, of(showPartner)],
    [`PATCH /saml/${role}/:partner`, `saml.${role}.update`, of(updatePartner)],
    [`DELETE /saml/${role}/:partner`, `saml.${role}.remove`, of(removePartner)],
    [`POST /saml/${role}/:partner/refresh`, `saml.${role}.refresh`, of(refreshPartner)],
  ]
}
