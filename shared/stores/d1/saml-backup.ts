import type { D1Database } from '@cloudflare/workers-types'
import { parsePartner } from '../../protocol/saml-partner.ts'
import type { SamlPartners } from '../saml-partners.ts'
import { answered } from './answered.ts'
import type { AuditEvent } from './audit-log.ts'
import type { BackupRows } from './backup-table.ts'

/** The tables about SAML that a backup holds; undefined for any other. */
export function samlBackup(db: D1Database, partners: SamlPartners, table: string): BackupRows | undefined {
  if (table === 'partners') return partnerRows(db, partners)
  return table === 'links' ? linkRows(db) : undefined
}

/** Partners as records. Those whose e-mail domain is another's now are left out. */
function partnerRows(db: D1Database, partners: SamlPartners): BackupRows {
  return {
    async exportRows(after, limit) {
      const statement = db.prepare('SELECT rowid, record FROM saml_partners WHERE rowid > ? ORDER BY rowid LIMIT ?')
      return (await answered(statement.bind(after, limit).all<{ rowid: number }>())).results
    },
    async importRows(rows) {
      let restored = 0
      for (const row of rows) {
        const partner = parsePartner(textOf(row, 'record'))
        if (partner && (await restoredPartner(partners, partner))) restored += 1
      }
      return restored
    },
  }
}

async function restoredPartner(
  partners: SamlPartners,
  partner: NonNullable<ReturnType<typeof parsePartner>>,
): Promise<boolean> {
  const known = await partners.find(partner.role, partner.entityId)
  try {
    if (!known) await partners.insert(partner, unrecorded)
    else if (known.entityId === partner.entityId)
      return await partners.replace(
        { ...partner, alias: known.alias, revision: known.revision + 1 },
        known.revision,
        unrecorded,
      )
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'already_exists') return false
    throw error
  }
}

/** The import is one event, which its caller records. */
const unrecorded: AuditEvent | undefined = undefined

function linkRows(db: D1Database): BackupRows {
  return {
    async exportRows(after, limit) {
      const statement = db.prepare('SELECT rowid, * FROM saml_links WHERE rowid > ? ORDER BY rowid LIMIT ?')
      return (await answered(statement.bind(after, limit).all<{ rowid: number }>())).results
    },
    /** All or none, but for people who are not there. */
    async importRows(rows) {
      const names = ['entity_id', 'format', 'name_id', 'sub', 'linked_at']
      const values = names.map((name) => `value->>'${name}'`).join()
      const statement = db.prepare(
        `INSERT INTO saml_links (${names.join()}) SELECT ${values} FROM json_each(?)
         WHERE value->>'sub' IN (SELECT sub FROM users)
         ON CONFLICT (entity_id, format, name_id) DO UPDATE SET sub = excluded.sub`,
      )
      return (await answered(statement.bind(JSON.stringify(rows)).run())).meta.changes
    },
  }
}

function textOf(row: unknown, name: string): string | undefined {
  const value: unknown = typeof row === 'object' && row !== null ? Reflect.get(row, name) : undefined
  return typeof value === 'string' ? value : undefined
}
