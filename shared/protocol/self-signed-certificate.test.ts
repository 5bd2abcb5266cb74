import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type GenerateKeyPairResult, exportJWK, generateKeyPair } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { selfSignedCertificate } from './self-signed-certificate.ts'

const start = Date.parse('2026-11-25T12:34:56Z') / 1000
const end = Date.parse('2031-11-24T12:34:56Z') / 1000

let folder: string
let keys: GenerateKeyPairResult
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'authrim-certificate-'))
  keys = await generateKeyPair('RS256', { extractable: true })
})
afterAll(() => rmSync(folder, { recursive: true }))

async function certificate(changes: object = {}): Promise<Uint8Array> {
  return selfSignedCertificate(keys, { commonName: 'id.example.com', notBefore: start, notAfter: end, ...changes })
}

/** What `openssl` makes of it, who wrote none of this. */
function openssl(command: readonly string[], octets: Uint8Array): string {
  const file = join(folder, 'certificate.der')
  writeFileSync(file, octets)
  return execFileSync('openssl', [...command, '-in', file, '-inform', 'DER'], { encoding: 'utf8' })
}

test('openssl reads every field as it was meant', async () => {
  const text = openssl(['x509', '-noout', '-text'], await certificate())
  for (const line of [
    'Version: 3 (0x2)',
    'Signature Algorithm: sha256WithRSAEncryption',
    'Public-Key: (2048 bit)',
    'Not Before: Nov 25 12:34:56 2026 GMT',
    'Not After : Nov 24 12:34:56 2031 GMT',
    'CA:FALSE',
    'Digital Signature, Key Encipherment',
    'X509v3 Subject Key Identifier',
  ])
    expect(text).toContain(line)
  expect(text).toMatch(/Issuer: CN ?= ?id\.example\.com\n/)
  expect(text).toMatch(/Subject: CN ?= ?id\.example\.com\n/)
})

test('openssl parses it as DER from the first octet to the last, and verifies its signature', async () => {
  const octets = await certificate()
  expect(openssl(['asn1parse'], octets)).toMatch(new RegExp(`hl=4 l= *${octets.length - 4} cons: SEQUENCE`))
  const pem = join(folder, 'certificate.pem')
  writeFileSync(pem, openssl(['x509', '-outform', 'PEM'], octets))
  const answer = execFileSync('openssl', ['verify', '-check_ss_sig', '-no_check_time', '-CAfile', pem, pem])
  expect(answer.toString()).toContain(': OK')
})

test('it holds the key that signed it, and no two have one serial number', async () => {
  const [one, two] = [new X509Certificate(await certificate()), new X509Certificate(await certificate())]
  expect(one.verify(one.publicKey)).toBe(true)
  expect(one.publicKey.export({ format: 'jwk' })).toMatchObject({
    n: (await exportJWK(keys.publicKey)).n,
  })
  expect(one.serialNumber).not.toBe(two.serialNumber)
})

test('a time after 2049 is a GeneralizedTime, and a long name is cut', async () => {
  const octets = await certificate({ commonName: 'x'.repeat(100), notAfter: Date.parse('2051-01-01T00:00:00Z') / 1000 })
  const text = openssl(['x509', '-noout', '-text'], octets)
  expect(text).toContain('Not After : Jan  1 00:00:00 2051 GMT')
  expect(text).toMatch(/Subject: CN ?= ?x{64}\n/)
})
