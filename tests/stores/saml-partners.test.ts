import { afterAll, describe, expect, test } from 'vitest'
import { samlPartnersConformance } from '../../shared/stores/conformance.ts'
import { AuditTrail } from '../../shared/stores/d1/audit-trail.ts'
import { D1SamlLinks } from '../../shared/stores/d1/saml-links.ts'
import { D1SamlPartners } from '../../shared/stores/d1/saml-partners.ts'
import { type System, startSystem } from '../support/system.ts'

let system: System | undefined
afterAll(async () => system?.[Symbol.asyncDispose]())

async function database() {
  system ??= await startSystem()
  return system.db()
}

samlPartnersConformance('D1', async () => {
  const db = await database()
  return new D1SamlPartners(db, new AuditTrail(db))
})

describe('who people of identity providers are here', () => {
  const ada = { entityId: 'https://idp.example', format: 'persistent', nameId: 'ada' }

  test('SML-20 an identifier leads to the person it was first linked to, and only from its own provider', async () => {
    const links = new D1SamlLinks(await database())
    const [one, two] = await Promise.all([system?.user(), system?.user()])
    expect(await links.find(ada)).toBeUndefined()
    const [first, second] = [one?.sub ?? '', two?.sub ?? '']
    const answers = await Promise.all([links.link(ada, first, 1), links.link(ada, second, 1)])
    expect(new Set(answers).size).toBe(1)
    expect(await links.find(ada)).toBe(answers[0])
    for (const change of [{ entityId: 'https://other.example' }, { format: 'transient' }, { nameId: 'ADA' }])
      expect(await links.find({ ...ada, ...change })).toBeUndefined()
  })

  test('a link goes with the person', async () => {
    const db = await database()
    const links = new D1SamlLinks(db)
    const user = await system?.user()
    const bob = { ...ada, nameId: 'bob' }
    await links.link(bob, user?.sub ?? '', 1)
    expect(await links.of(user?.sub ?? '')).toEqual([{ entityId: ada.entityId, linkedAt: 1 }])
    await db.prepare('DELETE FROM credentials WHERE sub = ?').bind(user?.sub).run()
    await db.prepare('DELETE FROM users WHERE sub = ?').bind(user?.sub).run()
    expect(await links.find(bob)).toBeUndefined()
  })
})
