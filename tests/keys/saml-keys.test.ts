import { X509Certificate, createPrivateKey, privateDecrypt, publicEncrypt } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withDoubles } from '../support/doubles.ts'
import { type Keys, objectOf } from '../support/durable-objects.ts'
import { type System, startSystem } from '../support/system.ts'

const start = 1_800_000_000

describe('SAML’s keys in KeyManager', () => {
  let system: System
  let count = 0
  beforeAll(async () => {
    system = await startSystem({ transform: withDoubles('op-discovery') })
  })
  afterAll(() => system[Symbol.asyncDispose]())

  const fresh = (): Promise<Keys> => objectOf(system, 'KEY_MANAGER', `saml ${++count}`)
  const leased = async (keys: Keys, now = start) => (await keys.lease(['sign:saml'], now)).saml ?? []
  const listed = async (keys: Keys, now = start) => (await keys.list(now)).filter(({ use }) => use === 'saml')

  test('the first lease makes one key, also twenty at once, with a certificate of five years that holds it', async () => {
    const keys = await fresh()
    expect(await listed(keys)).toEqual([])
    const answers = await Promise.all(Array.from({ length: 20 }, () => leased(keys)))
    expect(new Set(answers.map((each) => JSON.stringify(each))).size).toBe(1)
    const [key] = answers[0] ?? []
    const certificate = new X509Certificate(Buffer.from(key?.certificate ?? '', 'base64'))
    expect(certificate.subject).toBe('CN=localhost')
    expect(certificate.checkPrivateKey(createPrivateKey({ key: key?.privateKey ?? {}, format: 'jwk' }))).toBe(true)
    expect(certificate.publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048)
    expect(certificate.verify(certificate.publicKey)).toBe(true)
    const years = (Date.parse(certificate.validTo) - start * 1000) / (365 * 86_400_000)
    expect(years).toBe(5)
    expect(Date.parse(certificate.validFrom)).toBeLessThan(start * 1000)
    const expiry = new Date(certificate.validTo).toISOString()
    expect(await listed(keys)).toMatchObject([{ alg: 'RS256', state: 'current', certificateExpiresAt: expiry }])
  })

  test('the key decrypts what a partner encrypted for the certificate', async () => {
    const [key] = await leased(await fresh())
    const { publicKey } = new X509Certificate(Buffer.from(key?.certificate ?? '', 'base64'))
    const sealed = publicEncrypt({ key: publicKey, oaepHash: 'sha256' }, Buffer.from('secret'))
    const opened = privateDecrypt(
      { key: createPrivateKey({ key: key?.privateKey ?? {}, format: 'jwk' }), oaepHash: 'sha256' },
      sealed,
    )
    expect(opened.toString()).toBe('secret')
  })

  test('only who leases it gets it, and relying parties of OAuth never see it', async () => {
    const keys = await fresh()
    await leased(keys)
    const others = await keys.lease(['sign:access', 'sign:id', 'verify', 'handle:session'], start)
    expect(others).not.toHaveProperty('saml')
    expect(others).not.toHaveProperty('pairwise')
    expect(await keys.publicKeys(start)).toHaveLength(4)
    expect((await keys.lease(['sign:saml'], start)).signing).toEqual([])
  })

  test('a rotation publishes beside the key that signs, adds no third when repeated, and no alarm does it', async () => {
    const keys = await fresh()
    const [old] = await leased(keys)
    const [rotation] = await keys.rotate('saml', false, start + 10)
    expect(rotation).toMatchObject({ current: old?.kid, next: expect.any(String), retiring: undefined })
    expect(rotation?.effectiveAt).toBeUndefined()
    const again = await Promise.all(Array.from({ length: 5 }, () => keys.rotate('saml', false, start + 11)))
    for (const each of again) expect(each).toEqual([rotation])
    expect((await leased(keys, start + 12)).map(({ kid }) => kid)).toEqual([old?.kid, rotation?.next])
    const years = start + 4 * 365 * 86_400
    await keys.rotate(undefined, true, years)
    await keys.sweep()
    expect((await listed(keys, years)).map(({ state }) => state)).toEqual(['current', 'next'])
  })

  test('the new key signs when told to, with the old one published until it is revoked', async () => {
    const keys = await fresh()
    const [old] = await leased(keys)
    await keys.rotate('saml', false, start + 10)
    const [rotation] = await keys.rotate('saml', true, start + 10)
    expect(rotation).toMatchObject({ retiring: old?.kid, effectiveAt: start + 10 })
    expect(rotation?.next).toBeUndefined()
    expect((await leased(keys, start + 10)).map(({ kid }) => kid)).toEqual([rotation?.current, old?.kid])
    expect((await listed(keys, start + 10)).map(({ state }) => state).toSorted()).toEqual(['current', 'retiring'])
    const revocation = await keys.revoke(old?.kid ?? '', start + 20)
    expect(revocation).toMatchObject({ replacement: rotation?.current, dies: expect.stringContaining('nothing') })
    expect((await leased(keys, start + 20)).map(({ kid }) => kid)).toEqual([rotation?.current])
  })

  test('revoking the key that signs lets the one that waits take over', async () => {
    const keys = await fresh()
    const [old] = await leased(keys)
    const [rotation] = await keys.rotate('saml', false, start)
    expect(await keys.revoke(old?.kid ?? '', start)).toMatchObject({ replacement: rotation?.next })
    expect((await leased(keys)).map(({ kid }) => kid)).toEqual([rotation?.next])
  })

  test('revoking the only key makes another at once', async () => {
    const keys = await fresh()
    const [old] = await leased(keys)
    const revocation = await keys.revoke(old?.kid ?? '', start)
    expect(revocation?.dies).toContain('partners')
    const [replacement] = await leased(keys)
    expect(replacement?.kid).toBe(revocation?.replacement)
    expect(replacement?.kid).not.toBe(old?.kid)
    expect(await keys.revoke(old?.kid ?? '', start)).toBeUndefined()
  })

  test('private parts and the pairwise secret are sealed at rest', async () => {
    const keys = await fresh()
    const { saml = [], pairwise = '' } = await keys.lease(['sign:saml', 'pairwise'], start)
    const stored = JSON.stringify([await keys.sql('SELECT * FROM saml_keys'), await keys.sql('SELECT * FROM settings')])
    expect(stored).toContain(saml[0]?.certificate)
    for (const secret of [saml[0]?.privateKey.d, saml[0]?.privateKey.p, pairwise]) {
      expect(secret).toMatch(/^[\w-]{43,}$/)
      expect(stored).not.toContain(secret)
    }
  })

  test('a backup holds key, certificate and pairwise secret; a revoked key stays out', async () => {
    const from = await fresh()
    const { saml: [old] = [], pairwise } = await from.lease(['sign:saml', 'pairwise'], start)
    await from.rotate('saml', false, start + 1)
    const both = await leased(from, start + 1)
    const rows = await from.exportRows()
    const to = await fresh()
    await to.lease(['sign:saml', 'pairwise'], start)
    expect(await to.importRows(rows)).toBe(rows.length)
    expect(await leased(to, start + 1)).toEqual(both)
    expect((await to.lease(['pairwise'], start)).pairwise).toBe(pairwise)
    await to.revoke(old?.kid ?? '', start + 2)
    await to.importRows(rows)
    expect((await leased(to, start + 2)).map(({ kid }) => kid)).toEqual([both[1]?.kid])
  })

  test('the pairwise secret outlives rotations and epochs', async () => {
    const keys = await fresh()
    const answers = await Promise.all(Array.from({ length: 10 }, () => keys.lease(['pairwise'], start)))
    expect(new Set(answers.map(({ pairwise }) => pairwise)).size).toBe(1)
    await keys.rotate('saml', true, start)
    await keys.importRows([])
    expect((await keys.lease(['pairwise'], start)).pairwise).toBe(answers[0]?.pairwise)
  })
})
