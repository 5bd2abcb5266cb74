import { beforeAll, describe, expect, test } from 'vitest'
import type { IdentityProvider } from '../protocol/saml-partner.ts'
import type { Carrier } from './carrier.ts'
import type { SamlPartners } from './saml-partners.ts'

/** What every carrier has to do, whatever is behind it. */
export function carrierConformance(name: string, make: () => Promise<Carrier>): void {
  describe(`${name} as a carrier`, () => {
    const now = Math.floor(Date.now() / 1000)
    let carrier: Carrier
    beforeAll(async () => {
      carrier = await make()
    })

    test('a key that was never written is a miss', async () => {
      expect(await carrier.get('never')).toBeUndefined()
    })

    test('a value comes back as it was written, whatever is in it', async () => {
      const values = ['', 'text', '{"a":"ü\\u0000"}', '\u{1f511}'.repeat(100), 'x'.repeat(60_000)]
      for (const [index, value] of values.entries()) {
        await carrier.put(`value-${index}`, value, now + 3600, now)
        expect(await carrier.get(`value-${index}`)).toBe(value)
      }
    })

    test('keys do not meet, also where one begins like the other', async () => {
      await carrier.put('key', 'a', undefined, now)
      await carrier.put('key-2', 'b', undefined, now)
      await carrier.put('KEY', 'c', undefined, now)
      expect([await carrier.get('key'), await carrier.get('key-2'), await carrier.get('KEY')]).toEqual(['a', 'b', 'c'])
    })

    test('a value of a minute is accepted, also when it expires sooner or has expired', async () => {
      await carrier.put('short', 'a', now + 1, now)
      await carrier.put('late', 'b', now - 5, now)
      expect(await carrier.get('short')).toBe('a')
    })

    test('a deleted key is a miss, and may be deleted again', async () => {
      await carrier.put('gone', 'a', undefined, now)
      await carrier.delete('gone')
      await carrier.delete('gone')
      expect(await carrier.get('gone')).toBeUndefined()
    })

    test('a hundred parallel callers see what each of them wrote', async () => {
      const keys = Array.from({ length: 100 }, (_, index) => `parallel-${index}`)
      await Promise.all(keys.map((key) => carrier.put(key, `of ${key}`, now + 3600, now)))
      expect(await Promise.all(keys.map((key) => carrier.get(key)))).toEqual(keys.map((key) => `of ${key}`))
    })
  })
}

/** What every store of SAML partners has to do. */
export function samlPartnersConformance(name: string, make: () => Promise<SamlPartners>): void {
  describe(`${name} as a store of SAML partners`, () => {
    let partners: SamlPartners
    let count = 0
    beforeAll(async () => {
      partners = await make()
    })
    const event = { time: 0, actor: 'test', action: 'saml.test', target: '', outcome: 'done', requestId: 'test' }
    const identityProvider = (changes: Partial<IdentityProvider> = {}): IdentityProvider => ({
      v: 1,
      revision: 1,
      createdAt: 1,
      role: 'idp',
      entityId: `https://idp-${++count}.example/metadata`,
      alias: `idp-${count}`,
      name: `Provider ${count}`,
      enabled: true,
      signingCertificates: ['AAAA'],
      encryptionCertificates: [],
      sso: [{ url: 'https://idp.example/sso', binding: 'redirect' }],
      slo: [],
      wantAuthnRequestsSigned: true,
      idpInitiated: false,
      domains: [],
      button: true,
      separateEntity: false,
      metadataSigners: [],
      attributeMap: {},
      linkBy: 'never',
      createUsers: true,
      ...changes,
    })
    /** Whether a domain is a provider's; it is this one's from now on, if it was nobody's. */
    const isTaken = (domain: string) =>
      partners.insert(identityProvider({ domains: [domain] }), event).then(
        () => false,
        () => true,
      )
    const kept = async (changes?: Partial<IdentityProvider>) => {
      const partner = identityProvider(changes)
      await partners.insert(partner, event)
      return partner
    }

    test('a partner is found by entity id and by alias, in its role only', async () => {
      const partner = await kept()
      expect(await partners.find('idp', partner.entityId)).toEqual(partner)
      expect(await partners.find('idp', partner.alias)).toEqual(partner)
      expect(await partners.find('sp', partner.entityId)).toBeUndefined()
      expect(await partners.find('idp', 'https://nobody.example')).toBeUndefined()
    })

    test('SML-24 entity id, alias and e-mail domain belong to one partner of a role', async () => {
      const partner = await kept({ domains: ['one.example'] })
      const others = [{ entityId: partner.entityId }, { alias: partner.alias }, { domains: ['one.example'] }]
      for (const change of others)
        await expect(partners.insert(identityProvider(change), event)).rejects.toMatchObject({ code: 'already_exists' })
      // What failed left nothing behind.
      const free = await kept({ domains: ['two.example'] })
      const greedy = { ...free, revision: 2, domains: ['one.example', 'two.example'] }
      await expect(partners.replace(greedy, 1, event)).rejects.toMatchObject({ code: 'already_exists' })
      expect(await isTaken('two.example')).toBe(true)
    })

    test('of changes made from one revision the first counts', async () => {
      const partner = await kept({ domains: ['before.example'] })
      const attempts = ['a', 'b', 'c'].map((each) =>
        partners.replace({ ...partner, name: each, revision: 2, domains: [`${each}.example`] }, 1, event),
      )
      expect((await Promise.all(attempts)).filter(Boolean)).toHaveLength(1)
      const winner = await partners.find('idp', partner.entityId)
      const owned = await Promise.all(['a', 'b', 'c'].map((each) => isTaken(`${each}.example`)))
      expect(['a', 'b', 'c'].filter((_, index) => owned[index])).toEqual([winner?.name])
      expect(await isTaken('before.example')).toBe(false)
    })

    test('a removed partner is gone with its domains, once', async () => {
      const partner = await kept({ domains: ['gone.example'] })
      expect(await partners.delete(partner, event)).toBe(true)
      expect(await partners.delete(partner, event)).toBe(false)
      expect(await partners.find('idp', partner.alias)).toBeUndefined()
      await kept({ domains: ['gone.example'] })
    })

    test('lists are in order, continue, and are searched by name, alias and entity id', async () => {
      for (const alias of ['zz-1', 'zz-2', 'zz-3']) await kept({ alias, name: 'Needle 100%' })
      const first = await partners.list('idp', 'needle 100%', '', 2)
      expect(first.map(({ alias }) => alias)).toEqual(['zz-1', 'zz-2'])
      expect((await partners.list('idp', 'needle', 'zz-2', 2)).map(({ alias }) => alias)).toEqual(['zz-3'])
      expect(await partners.list('idp', 'needle_100', '', 9)).toEqual([])
      expect(await partners.list('sp', undefined, '', 9)).toEqual([])
    })

    test('a partner is due from the time on that it names, and not before', async () => {
      const partner = await kept({ metadataUrl: 'https://idp.example/metadata', refreshAt: 1000 })
      await kept()
      const due = async (now: number) => (await partners.due(now, 100)).map(({ entityId }) => entityId)
      expect(await due(999)).toEqual([])
      expect(await due(1000)).toEqual([partner.entityId])
      await partners.replace({ ...partner, revision: 2, refreshAt: 2000 }, 1, event)
      expect(await due(1999)).toEqual([])
    })
  })
}
