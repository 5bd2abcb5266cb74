import { pbkdf2Sync, scryptSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { hashPassword, isVerifiable, needsRehash, nobodysHash, verifyPassword } from './password-hash.ts'

const bare = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')

describe('password hashes', () => {
  test('a password verifies against its own hash and no other does', async () => {
    const hash = await hashPassword('correct horse')
    expect(hash).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$[\w+/]{22}\$[\w+/]{43}$/)
    expect(await verifyPassword(hash, 'correct horse')).toBe(true)
    expect(await verifyPassword(hash, 'correct horsf')).toBe(false)
    expect(await verifyPassword(hash, '')).toBe(false)
    expect(needsRehash(hash)).toBe(false)
  })

  test('two hashes of one password differ', async () => {
    expect(await hashPassword('same')).not.toBe(await hashPassword('same'))
  })

  test('the same characters count, however the keyboard composed them', async () => {
    expect(await verifyPassword(await hashPassword('caf\u00e9 au lait'), 'cafe\u0301 au lait')).toBe(true)
  })

  test('attack L7: nobody’s hash has the cost of a real one, and no password', async () => {
    expect(needsRehash(nobodysHash)).toBe(false)
    expect(isVerifiable(nobodysHash)).toBe(true)
    expect(await verifyPassword(nobodysHash, 'nobody')).toBe(false)
  })

  test('verifies the scrypt vector of RFC 7914 §12', async () => {
    const hash = scryptSync('pleaseletmein', 'SodiumChloride', 64, { N: 16_384, r: 8, p: 1 })
    expect(hash.toString('hex')).toMatch(/^7023bdcb3afd7348461c06cd81fd38eb/)
    const stored = `$scrypt$ln=14,r=8,p=1$${bare(Buffer.from('SodiumChloride'))}$${bare(hash)}`
    expect(await verifyPassword(stored, 'pleaseletmein')).toBe(true)
    expect(needsRehash(stored)).toBe(true)
  })

  test.each(['sha256', 'sha512'])('verifies PBKDF2 with %s, also as passlib writes it', async (digest) => {
    const salt = Buffer.from('fffbff', 'hex')
    const stored = `$pbkdf2-${digest}$i=29000$${bare(salt)}$${bare(pbkdf2Sync('secret', salt, 29_000, 32, digest))}`
    expect(await verifyPassword(stored, 'secret')).toBe(true)
    expect(await verifyPassword(stored.replaceAll('+', '.'), 'secret')).toBe(true)
    expect(await verifyPassword(stored, 'Secret')).toBe(false)
  })

  test('verifies Django’s format', async () => {
    const stored = `pbkdf2_sha256$100000$seasalt$${pbkdf2Sync('secret', 'seasalt', 100_000, 32, 'sha256').toString('base64')}`
    expect(await verifyPassword(stored, 'secret')).toBe(true)
    expect(needsRehash(stored)).toBe(true)
  })

  test.each([
    '',
    'plain',
    '$2b$12$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    // Beyond what Cloudflare computes: 100,001 rounds, 2²¹ of work, a megabyte of blocks.
    `pbkdf2_sha256$100001$salt$${'a'.repeat(43)}=`,
    `$pbkdf2-sha256$i=0$c2FsdA$${'a'.repeat(43)}`,
    `$scrypt$ln=18,r=8,p=1$c2FsdA$${'a'.repeat(43)}`,
    `$scrypt$ln=15,r=8,p=5$c2FsdA$${'a'.repeat(43)}`,
    `$scrypt$ln=17,r=8,p=1$c2FsdA$${'a'.repeat(43)}`,
    `$scrypt$ln=15,r=8,p=3$c2FsdA$short`,
  ])('cannot verify %j', async (stored) => {
    expect(isVerifiable(stored)).toBe(false)
    expect(await verifyPassword(stored, 'secret')).toBe(false)
  })
})
