import type { D1Database, D1PreparedStatement } from '@cloudflare/workers-types'
import { type Partner, type PartnerRole, parsePartner } from '../../protocol/saml-partner.ts'
import type { SamlPartners } from '../saml-partners.ts'
import { answered, containing } from './answered.ts'
import type { AuditEvent } from './audit-log.ts'
import type { AuditTrail } from './audit-trail.ts'

const taken = 'there is a partner of this entity id, alias or e-mail domain'

/** The tables of SAML partners. */
export class D1SamlPartners implements SamlPartners {
  readonly #db: D1Database
  readonly #audit: AuditTrail

  constructor(db: D1Database, audit: AuditTrail) {
    this.#db = db
    this.#audit = audit
  }

  async find(role: PartnerRole, id: string): Promise<Partner | undefined> {
    const statement = this.#db
      .prepare(
        `SELECT record FROM saml_partners WHERE role = ?1 AND (entity_id = ?2 OR alias = ?2)
         ORDER BY entity_id = ?2 DESC LIMIT 1`,
      )
      .bind(role, id)
    return parsePartner((await answered(statement.first<string>('record'))) ?? undefined)
  }

  async list(role: PartnerRole, search: string | undefined, after: string, limit: number): Promise<Partner[]> {
    const statement = this.#db
      .prepare(
        `SELECT record FROM saml_partners WHERE role = ?1 AND alias > ?2
         AND (?3 IS NULL OR alias LIKE ?3 ESCAPE '\\' OR name LIKE ?3 ESCAPE '\\' OR entity_id LIKE ?3 ESCAPE '\\')
         ORDER BY alias LIMIT ?4`,
      )
      .bind(role, after, search === undefined ? null : containing(search), limit)
    return this.#records(statement)
  }

  async insert(partner: Partner, event: AuditEvent | undefined): Promise<void> {
    const insertion = this.#db
      .prepare(
        `INSERT INTO saml_partners (name, enabled, button, refresh_at, record, revision, alias, role, entity_id)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .bind(...columnsOf(partner), partner.alias, partner.role, partner.entityId)
    await answered(this.#db.batch([...this.#domains(partner), insertion, ...this.#recorded(event)]), taken)
  }

  async replace(partner: Partner, revision: number, event: AuditEvent | undefined): Promise<boolean> {
    const isThatRevision = 'EXISTS (SELECT 1 FROM saml_partners WHERE role = ? AND entity_id = ? AND revision = ?)'
    const condition = [partner.role, partner.entityId, revision] as const
    const clearing = this.#db
      .prepare(`DELETE FROM saml_domains WHERE ? = 'idp' AND entity_id = ? AND ${isThatRevision}`)
      .bind(partner.role, partner.entityId, ...condition)
    const adding = domainsOf(partner).map((domain) =>
      this.#db
        .prepare(`INSERT INTO saml_domains (domain, entity_id) SELECT ?, ? WHERE ${isThatRevision}`)
        .bind(domain, partner.entityId, ...condition),
    )
    const update = this.#db
      .prepare(
        `UPDATE saml_partners SET name = ?, enabled = ?, button = ?, refresh_at = ?, record = ?, revision = ?
         WHERE role = ? AND entity_id = ? AND revision = ?`,
      )
      .bind(...columnsOf(partner), ...condition)
    const batch = [clearing, ...adding, update]
    const results = await answered(this.#db.batch([...batch, ...this.#recorded(event)]), taken)
    return (results[batch.length - 1]?.meta.changes ?? 0) > 0
  }

  async delete(partner: Partner, event: AuditEvent): Promise<boolean> {
    const { role, entityId } = partner
    const ofProvider = (table: string) =>
      this.#db.prepare(`DELETE FROM ${table} WHERE ? = 'idp' AND entity_id = ?`).bind(role, entityId)
    const removal = this.#db.prepare('DELETE FROM saml_partners WHERE role = ? AND entity_id = ?').bind(role, entityId)
    const results = await answered(
      this.#db.batch([ofProvider('saml_domains'), ofProvider('saml_links'), removal, this.#audit.withChange(event)]),
    )
    return (results[2]?.meta.changes ?? 0) > 0
  }

  async due(now: number, limit: number): Promise<Partner[]> {
    return this.#records(
      this.#db
        .prepare('SELECT record FROM saml_partners WHERE refresh_at <= ? ORDER BY refresh_at LIMIT ?')
        .bind(now, limit),
    )
  }

  async #records(statement: D1PreparedStatement): Promise<Partner[]> {
    const { results } = await answered(statement.all<{ record: string }>())
    return results.flatMap(({ record }) => parsePartner(record) ?? [])
  }

  #recorded(event: AuditEvent | undefined): D1PreparedStatement[] {
    return event ? [this.#audit.withChange(event)] : []
  }

  #domains(partner: Partner): D1PreparedStatement[] {
    return domainsOf(partner).map((domain) =>
      this.#db.prepare('INSERT INTO saml_domains (domain, entity_id) VALUES (?, ?)').bind(domain, partner.entityId),
    )
  }
}

function domainsOf(partner: Partner): readonly string[] {
  return partner.role === 'idp' ? partner.domains : []
}

function columnsOf(partner: Partner): (string | number | null)[] {
  const { name, enabled, refreshAt, revision } = partner
  return [
    name,
    enabled ? 1 : 0,
    partner.role === 'idp' && partner.button ? 1 : 0,
    refreshAt ?? null,
    JSON.stringify(partner),
    revision,
  ]
}
