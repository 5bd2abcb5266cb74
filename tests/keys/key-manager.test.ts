import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createLocalJWKSet, importJWK, jwtVerify, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  jwksMaxAge,
  jwksStaleWhileRevalidate,
  leaseSeconds,
  publicationLead,
} from '../../shared/protocol/key-life-cycle.ts'
import { withDoubles } from '../support/doubles.ts'
import { type Keys, killed, objectOf } from '../support/durable-objects.ts'
import { type System, startSystem } from '../support/system.ts'

const start = 1_800_000_000
const signing = ['sign:access', 'sign:id']

/** Every file below a folder. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? filesBelow(path) : [path]
  })
}

describe('KeyManager on workerd', () => {
  let system: System
  let count = 0
  beforeAll(async () => {
    system = await startSystem({ transform: withDoubles('op-discovery') })
  })
  afterAll(() => system[Symbol.asyncDispose]())

  /** One that was never asked before. */
  const fresh = (): Promise<Keys> => objectOf(system, 'KEY_MANAGER', `of this test ${++count}`)

  const signedAt = async (keys: Keys, now: number, alg = 'ES256') => {
    const key = (await keys.lease(signing, now)).signing.find((each) => each.alg === alg)
    const header = { alg, kid: key?.kid ?? '' }
    return new SignJWT({ exp: now + 3600 }).setProtectedHeader(header).sign(await importJWK(key?.privateKey ?? {}, alg))
  }
  const verifies = async (keys: Keys, token: string, now: number) => {
    const set = createLocalJWKSet({ keys: await keys.publicKeys(now) })
    return jwtVerify(token, set, { currentDate: new Date(now * 1000) }).then(
      () => true,
      () => false,
    )
  }

  test('twenty parallel first calls make one key set', async () => {
    const keys = await fresh()
    const answers = await Promise.all(Array.from({ length: 20 }, () => keys.publicKeys(start)))
    expect(new Set(answers.map((each) => JSON.stringify(each))).size).toBe(1)
    const list = await keys.list(start)
    expect(list.map(({ alg, state }) => `${alg} ${state}`).toSorted((a, b) => a.localeCompare(b))).toEqual([
      'ES256 current',
      'ES256 next',
      'RS256 current',
      'RS256 next',
    ])
  })

  test('DSC-06 the published set has public parts only, with unique kids, use and alg, and the next keys', async () => {
    const keys = await fresh()
    const set = await keys.publicKeys(start)
    expect(new Set(set.map(({ kid }) => kid)).size).toBe(4)
    for (const key of set) {
      expect(key).toMatchObject({ use: 'sig', alg: expect.stringMatching(/^(ES|RS)256$/), kid: expect.any(String) })
      for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) expect(key).not.toHaveProperty(secret)
    }
    const next = (await keys.list(start)).filter(({ state }) => state === 'next').map(({ kid }) => kid)
    expect(set.map(({ kid }) => kid)).toEqual(expect.arrayContaining(next))
  })

  test('a planned rotation waits for the lead, and a client with an old key set never meets an unknown kid', async () => {
    const keys = await fresh()
    const listed = await keys.list(start - 1000)
    // The successor is as young as can be.
    for (const { kid, alg, state } of listed) if (alg === 'ES256' && state === 'next') await keys.revoke(kid, start)
    const before = await signedAt(keys, start)
    const [rotation] = await keys.rotate('ES256', false, start)
    expect(rotation?.effectiveAt).toBe(start + publicationLead)
    const oldest = jwksMaxAge + jwksStaleWhileRevalidate + leaseSeconds
    const old = listed.map(({ kid }) => kid)
    const published = new Map<number, (string | undefined)[]>()
    const signers = new Set<string>()
    for (let now = start; now < start + 2 * publicationLead; now += 30) {
      published.set(
        now,
        (await keys.publicKeys(now)).map(({ kid }) => kid),
      )
      const signer = (await keys.lease(signing, now)).signing.find(({ alg }) => alg === 'ES256')?.kid ?? ''
      signers.add(signer)
      expect(published.get(now - oldest) ?? old).toContain(signer)
    }
    expect(signers.size).toBe(2)
    expect(await verifies(keys, before, start + publicationLead + 600)).toBe(true)
    const after = await signedAt(keys, start + publicationLead)
    expect(await verifies(keys, after, start + publicationLead)).toBe(true)
  })

  test('a retiring key is published as long as the longest token that a late lease signed, and then gone', async () => {
    const keys = await fresh()
    await keys.list(start)
    const [rotation] = await keys.rotate('ES256', true, start + 100)
    const late = start + 100 + leaseSeconds
    const retiring = rotation?.retiring ?? ''
    const kids = async (now: number) => (await keys.publicKeys(now)).map(({ kid }) => kid)
    expect(await kids(late + 3599)).toContain(retiring)
    expect(await kids(late + 3600)).not.toContain(retiring)
  })

  test('a repeated rotation repeats its answer, in turn and in parallel, and makes no further keys', async () => {
    const keys = await fresh()
    const first = await keys.rotate(undefined, false, start)
    const again = await Promise.all(Array.from({ length: 10 }, () => keys.rotate(undefined, false, start + 5)))
    for (const each of again) expect(each).toEqual(first)
    expect(await keys.list(start + 5)).toHaveLength(6)
    const later = await keys.rotate(undefined, false, start + publicationLead)
    expect(later.map(({ retiring }) => retiring)).toEqual(first.map(({ current }) => current))
  })

  test('an immediate rotation takes the next key at once, also in the second in which the keys were made', async () => {
    const keys = await fresh()
    const [rotation] = await keys.rotate('ES256', true, start)
    const signer = (await keys.lease(signing, start)).signing.find(({ alg }) => alg === 'ES256')
    expect(signer?.kid).toBe(rotation?.current)
    expect((await keys.lease(signing, start + 1)).signing.find(({ alg }) => alg === 'ES256')?.kid).toBe(
      rotation?.current,
    )
  })

  test('a revoked key’s tokens verify no more, the next key signs, and another is published behind it', async () => {
    const keys = await fresh()
    const token = await signedAt(keys, start)
    expect(await verifies(keys, token, start + 1)).toBe(true)
    const current = (await keys.list(start)).find(({ alg, state }) => alg === 'ES256' && state === 'current')?.kid ?? ''
    const revocation = await keys.revoke(current, start + 2)
    expect(revocation).toMatchObject({ kid: current, alg: 'ES256' })
    expect(await verifies(keys, token, start + 3)).toBe(false)
    const signer = (await keys.lease(signing, start + 3)).signing.find(({ alg }) => alg === 'ES256')
    expect(signer?.kid).toBe(revocation?.replacement)
    expect(
      (await keys.list(start + 3)).filter(({ alg, state }) => alg === 'ES256' && state === 'next').length,
    ).toBeGreaterThan(0)
    expect(await keys.revoke(current, start + 4)).toBeUndefined()
  })

  test('revoking the planned successor leaves the current key in office', async () => {
    const keys = await fresh()
    await keys.list(start)
    const [rotation] = await keys.rotate('ES256', false, start)
    await keys.revoke(rotation?.current ?? '', start + 1)
    const much = start + 90 * 86_400
    const listed = (await keys.list(much)).find(({ kid }) => kid === rotation?.retiring)
    expect(listed).toMatchObject({ state: 'current', leavesAt: undefined })
    const [again] = await keys.rotate('ES256', false, much)
    expect(again?.retiring).toBe(rotation?.retiring)
  })

  test('revoking a retiring key does not keep the current one from leaving', async () => {
    const keys = await fresh()
    await keys.list(start)
    const [first] = await keys.rotate('ES256', true, start + 1)
    const [second] = await keys.rotate('ES256', false, start + 2)
    await keys.revoke(first?.retiring ?? '', start + 3)
    const current = (await keys.list(start + 3)).find(({ kid }) => kid === second?.retiring)
    expect(current?.leavesAt).toBeDefined()
  })

  test('fault F31 a clock that is a little behind makes no second key set', async () => {
    const keys = await fresh()
    await keys.list(start)
    expect(await keys.lease(signing, start - 5)).toMatchObject({ signing: [{}, {}] })
    expect(await keys.list(start)).toHaveLength(4)
  })

  test('the alarm rotates when the days are over', async () => {
    const keys = await fresh()
    const now = Math.floor(Date.now() / 1000)
    const before = await keys.list(now)
    await keys.schedule(1 / 86_400, now)
    await vi.waitFor(async () => {
      expect((await keys.list(now)).length).toBeGreaterThan(before.length)
    }, 10_000)
    await keys.schedule(90, now)
    expect(await keys.alarmAt()).toBeGreaterThan(Date.now())
    const planned = (await keys.list(now)).filter(({ signsFrom }) => signsFrom !== undefined && signsFrom > now)
    expect(planned.map(({ alg }) => alg).toSorted((a, b) => a.localeCompare(b))).toEqual(['ES256', 'RS256'])
  })

  test('fault F12 fault F20 a KeyManager that dies between the phases of a rotation loses nothing', async () => {
    const keys = await fresh()
    const name = `of this test ${count}`
    const token = await signedAt(keys, start)
    const planned = await keys.rotate('ES256', false, start + 1)
    const revived = await killed(system, 'KEY_MANAGER', name)
    expect(await revived.rotate('ES256', false, start + 2)).toEqual(planned)
    expect(await verifies(revived, token, start + publicationLead + 5)).toBe(true)
  })

  test('a lease has the uses that were asked and nothing else', async () => {
    const keys = await fresh()
    const verifying = await keys.lease(['verify', 'handle:access'], start)
    expect(verifying.signing).toEqual([])
    expect(Object.keys(verifying.handles)).toEqual(['access'])
    const both = await keys.lease([...signing, 'handle:code', 'handle:refresh'], start)
    expect(both.signing.map(({ alg }) => alg)).toEqual(['ES256', 'RS256'])
    const handleKeys = Object.values(both.handles)
      .flat()
      .map(({ key }) => key)
    expect(
      new Set([
        ...handleKeys,
        ...Object.values(verifying.handles)
          .flat()
          .map(({ key }) => key),
      ]).size,
    ).toBe(3)
    await expect(keys.lease(['handle:nonsense'], start)).rejects.toThrow()
  })

  test('private parts and handle keys are sealed on disk', async () => {
    const keys = await fresh()
    const leased = await keys.lease([...signing, 'handle:code'], start)
    const stored = JSON.stringify([
      await keys.sql('SELECT * FROM keys'),
      await keys.sql('SELECT * FROM secrets'),
      await keys.sql('SELECT * FROM settings'),
    ])
    const onDisk = filesBelow(join(system.local.folder, 'data')).map((file) => readFileSync(file).toString('latin1'))
    const { kid } = leased.signing[0] ?? { kid: '' }
    // The right files were read: the public part is in them.
    expect(onDisk.some((text) => text.includes(kid))).toBe(true)
    const secrets = [
      ...leased.signing.flatMap(({ privateKey }) => [privateKey.d, privateKey.p, privateKey.q]),
      ...Object.values(leased.handles)
        .flat()
        .map(({ key }) => key),
    ].filter((each) => each !== undefined)
    expect(secrets).toHaveLength(5)
    for (const secret of secrets) {
      expect(stored).not.toContain(secret)
      const raw = Buffer.from(secret, 'base64url').toString('latin1')
      for (const text of onDisk) expect(text.includes(secret) || text.includes(raw)).toBe(false)
    }
  })
})
