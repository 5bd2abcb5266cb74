import type { Partner, PartnerRole } from '../protocol/saml-partner.ts'
import type { AuditEvent } from './d1/audit-log.ts'

/**
 * SAML partners. Guarantee: a change is read by whoever asks after it, so a partner that is disabled or removed is
 * refused at the next message; it is stored with its audit row or not at all; and it replaces exactly the revision it
 * was made from.
 */
export interface SamlPartners {
  /** By entity id or alias. */
  find(role: PartnerRole, id: string): Promise<Partner | undefined>
  /** In the order of their aliases, after `after`. */
  list(role: PartnerRole, search: string | undefined, after: string, limit: number): Promise<Partner[]>
  /**
   * @param event undefined for a part of a larger change that is recorded as a whole.
   * @throws OAuthError already_exists for an entity id, alias or e-mail domain that is taken.
   */
  insert(partner: Partner, event: AuditEvent | undefined): Promise<void>
  /**
   * False if the partner is no longer at `revision`: somebody else changed it meanwhile.
   * @throws OAuthError already_exists for an e-mail domain that is taken.
   */
  replace(partner: Partner, revision: number, event: AuditEvent | undefined): Promise<boolean>
  /** False if there was none. What people of an identity provider are linked to goes with it. */
  delete(partner: Partner, event: AuditEvent): Promise<boolean>
  /** Those whose metadata is to be fetched again, the longest due first. `now` in seconds. */
  due(now: number, limit: number): Promise<Partner[]>
}
