import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startCloudflare } from '../embedded-cloudflare/cloudflare.ts'
import { freePort } from '../embedded-cloudflare/listener.ts'
import { authrimPackage } from './package-root.ts'
import { bundleWorker } from './worker-bundle.ts'

/** Answers each address with what a call of Hono or jose gave. */
const entry = `
import { Hono } from 'hono/tiny'
import { CompactSign, base64url, compactVerify, exportJWK, generateKeyPair, importJWK } from 'jose'

const text = new TextEncoder().encode('text')
const pair = (alg) => generateKeyPair(alg, { extractable: true })
const sign = (key, alg) => new CompactSign(text).setProtectedHeader({ alg }).sign(key)
const rsa = (name, bits) => crypto.subtle.generateKey(
  { name, hash: 'SHA-256', modulusLength: bits, publicExponent: new Uint8Array([1, 0, 1]) }, true, ['sign', 'verify'])

const calls = {
  async right() {
    const { privateKey, publicKey } = await pair('ES256')
    const { payload } = await compactVerify(await sign(privateKey, 'ES256'), publicKey)
    return new TextDecoder().decode(payload)
  },
  otherAlgorithm: async () => sign((await pair('RS256')).privateKey, 'ES256'),
  otherCurve: async () => sign((await pair('ES384')).privateKey, 'ES256'),
  otherPadding: async () => sign((await rsa('RSA-PSS', 2048)).privateKey, 'RS256'),
  shortKey: async () => sign((await rsa('RSASSA-PKCS1-v1_5', 1024)).privateKey, 'RS256'),
  signingWithPublicKey: async () => sign((await pair('ES256')).publicKey, 'ES256'),
  async verifyingWithPrivateKey() {
    const { privateKey } = await pair('ES256')
    return compactVerify(await sign(privateKey, 'ES256'), privateKey)
  },
  publicKeyAsSecret: async () => sign((await pair('RS256')).publicKey, 'HS256'),
  bytes: () => sign(text, 'HS256'),
  jwk: async () => sign(await exportJWK((await pair('ES256')).privateKey), 'ES256'),
  encryption: async () => importJWK(await exportJWK((await pair('RS256')).publicKey), 'RSA-OAEP'),
  noAlgorithm: async () => importJWK(await exportJWK((await pair('RS256')).publicKey), 'constructor'),
  base64: () => [0, 1, 2, 3].map((length) => base64url.encode(new Uint8Array(length).fill(255))),
  notBase64: () => base64url.decode('a+b/'),
  query: (c) => ['a', 'b', 'none'].map((name) => c.req.query(name) ?? null),
  queries: (c) => c.req.queries('a'),
  parseBody: (c) => c.req.parseBody(),
  html: (c) => c.html(Promise.resolve('text')),
}

const app = new Hono()
app.get('/:call', async (c) => {
  try {
    return c.json(await calls[c.req.param('call')](c))
  } catch (error) {
    return c.json(error.code ?? error.message)
  }
})
export default app
`

const root = mkdtempSync(join(tmpdir(), 'authrim-parts-'))
let address: string
let started: Awaited<ReturnType<typeof startCloudflare>>
beforeAll(async () => {
  mkdirSync(join(root, 'workers/op-token'), { recursive: true })
  writeFileSync(join(root, 'workers/op-token/index.ts'), entry)
  symlinkSync(join(authrimPackage().root, 'node_modules'), join(root, 'node_modules'))
  const { code } = await bundleWorker('op-token', { root, version: '0.0.0' })
  const directPort = await freePort()
  address = `http://127.0.0.1:${directPort}`
  const parts = { name: 'parts', script: new TextDecoder().decode(code), compatibilityDate: '2026-11-01', directPort }
  const nothing = { compatibilityFlags: [], bindings: {}, objects: [], entrypoints: [] }
  started = await startCloudflare({
    workers: [{ ...parts, ...nothing }],
    routes: [],
    listeners: [],
    persistence: join(root, 'state'),
  })
})
afterAll(async () => {
  await started.dispose()
  rmSync(root, { recursive: true, force: true })
})

async function answer(call: string): Promise<unknown> {
  return (await fetch(`${address}/${call}`)).json()
}

describe('what is left out of jose leaves its checks', () => {
  test('an imported key of the right kind signs and verifies', async () => {
    expect(await answer('right')).toBe('text')
  })

  test('attack J2 a public key is not taken for a secret', async () => {
    expect(await answer('publicKeyAsSecret')).toContain('its algorithm.name must be HMAC')
  })

  test.each([
    ['otherAlgorithm', 'its algorithm.name must be ECDSA'],
    ['otherCurve', 'its algorithm.namedCurve must be P-256'],
    ['otherPadding', 'its algorithm.name must be RSASSA-PKCS1-v1_5'],
    ['shortKey', 'requires key modulusLength to be 2048 bits or larger'],
    ['signingWithPublicKey', 'its usages must include sign'],
    ['verifyingWithPrivateKey', 'its usages must include verify'],
    ['bytes', 'prepareKey of jose is left out of bundles'],
    ['jwk', 'prepareKey of jose is left out of bundles'],
  ])('a key that does not fit is refused: %s', async (call, reason) => {
    expect(await answer(call)).toContain(reason)
  })

  test('algorithms that encrypt, and what is no algorithm, are not supported', async () => {
    expect(await answer('encryption')).toBe('ERR_JOSE_NOT_SUPPORTED')
    expect(await answer('noAlgorithm')).toBe('ERR_JOSE_NOT_SUPPORTED')
  })

  test('base64url is written without padding and read strictly', async () => {
    expect(await answer('base64')).toEqual(['', '_w', '__8', '____'])
    expect(await answer('notBase64')).toBe('The input to be decoded is not correctly encoded.')
  })
})

describe('what is left out of Hono', () => {
  test('leaves the query as it is read elsewhere: decoded, the first of several', async () => {
    expect(await answer('query?a=1+%C3%A9&b&a=2')).toEqual(['1 é', '', null])
  })

  test.each([
    ['queries', 'getQueryParams of hono is left out of bundles'],
    ['parseBody', 'parseBody of hono is left out of bundles'],
    ['html', 'resolveCallback of hono is left out of bundles'],
  ])('fails by name where it is called: %s', async (call, reason) => {
    expect(await answer(call)).toBe(reason)
  })
})
