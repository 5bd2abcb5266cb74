import type { D1Database } from '@cloudflare/workers-types'
import { afterAll, describe, expect, test } from 'vitest'
import type { IdentityProvider } from '../../shared/protocol/saml-partner.ts'
import { samlPartnersConformance } from '../../shared/stores/conformance.ts'
import { AuditTrail } from '../../shared/stores/d1/audit-trail.ts'
import { D1SamlLinks } from '../../shared/stores/d1/saml-links.ts'
import { D1SignInProviders } from '../../shared/stores/d1/sign-in-providers.ts'
import { D1SamlPartners } from '../../shared/stores/d1/saml-partners.ts'
import { type System, startSystem } from '../support/system.ts'

let system: System | undefined
afterAll(async () => system?.[Symbol.asyncDispose]())

async function database(): Promise<D1Database> {
  system ??= await startSystem()
  const { DB } = await system.local.env('op-auth')
  if (!isDatabase(DB)) throw new Error('op-auth has no database')
  return DB
}

function isDatabase(binding: unknown): binding is D1Database {
  return typeof binding === 'object' && binding !== null && 'prepare' in binding
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

test('attack M15 the sign-in page knows the providers that are enabled, with their domains, in the order of names', async () => {
  const db = await database()
  await db.exec('DELETE FROM saml_partners')
  const partners = new D1SamlPartners(db, new AuditTrail(db))
  const provider = (alias: string, changes: Partial<IdentityProvider>): IdentityProvider => ({
    v: 1,
    revision: 1,
    createdAt: 1,
    role: 'idp',
    entityId: `https://${alias}.example`,
    alias,
    name: alias,
    enabled: true,
    signingCertificates: ['AAAA'],
    encryptionCertificates: [],
    sso: [{ url: 'https://idp.example/sso', binding: 'redirect' }],
    slo: [],
    wantAuthnRequestsSigned: true,
    idpInitiated: false,
    domains: [`${alias}.test`],
    button: true,
    separateEntity: false,
    metadataSigners: [],
    attributeMap: {},
    linkBy: 'never',
    createUsers: true,
    ...changes,
  })
  await partners.insert(provider('b', { button: false }), undefined)
  await partners.insert(provider('a', {}), undefined)
  await partners.insert(provider('off', { enabled: false }), undefined)
  const providers = new D1SignInProviders(db)
  expect(await providers.list(1000)).toEqual([
    { alias: 'a', name: 'a', button: true, domains: ['a.test'] },
    { alias: 'b', name: 'b', button: false, domains: ['b.test'] },
  ])
  await partners.delete(provider('a', {}), { time: 0, actor: '', action: '', target: '', outcome: '', requestId: '' })
  expect(await providers.list(1029)).toHaveLength(2)
  expect(await providers.list(1030)).toHaveLength(1)
})
