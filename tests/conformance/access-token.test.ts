import { createHmac } from 'node:crypto'
import { type JSONWebKeySet, SignJWT, exportSPKI, generateKeyPair, importJWK } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Doubles, withDoubles } from '../support/doubles.ts'
import { type LeasedKeys } from '../support/durable-objects.ts'
import { claimsOf, signedInTokens } from '../support/oauth.ts'
import { type System, startSystem } from '../support/system.ts'

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

interface Leasing {
  lease(): Promise<LeasedKeys>
}

function isLeasing(value: unknown): value is Leasing {
  return typeof value === 'object' && value !== null && 'lease' in value
}

describe('forged access tokens', () => {
  let system: System
  let userinfo: Doubles
  let good: string
  let claims: Record<string, unknown>
  let kid: string
  let leased: LeasedKeys
  beforeAll(async () => {
    system = await startSystem({ transform: withDoubles('op-userinfo') })
    userinfo = new Doubles(system.issuer, 'op-userinfo')
    const [client, user] = await Promise.all([system.client(), system.user()])
    const tokens = await signedInTokens(system, client, user)
    good = tokens.access_token
    claims = claimsOf(good)
    kid = String(JSON.parse(Buffer.from(good.split('.')[0] ?? '', 'base64url').toString())['kid'])
    const { KEYS: service } = await system.local.env('op-token')
    if (!isLeasing(service)) throw new Error('op-token leases no keys')
    leased = await service.lease()
  })
  afterAll(() => system[Symbol.asyncDispose]())

  const status = async (token: string) => {
    const headers = { authorization: `Bearer ${token}` }
    return (await fetch(`${system.issuer}/userinfo`, { headers })).status
  }
  /** Signed with the real key: what only a defect of ours could make. */
  const signed = async (changes: Record<string, unknown>, header: Record<string, unknown> = {}) => {
    const key = leased.signing.find((each) => each.kid === kid)
    const privateKey = await importJWK(key?.privateKey ?? {}, 'ES256')
    return new SignJWT({ ...claims, ...changes })
      .setProtectedHeader({ alg: 'ES256', kid, typ: 'at+jwt', ...header })
      .sign(privateKey)
  }
  const unsigned = (header: Record<string, unknown>, signature = Buffer.alloc(64, 1)) =>
    `${part({ kid, typ: 'at+jwt', ...header })}.${part(claims)}.${signature.toString('base64url')}`

  test('the real one works, and so does one that is made alike', async () => {
    expect(await status(good)).toBe(200)
    expect(await status(await signed({}))).toBe(200)
  })

  test('attack J1 DSC-04 without a signature', async () => {
    for (const alg of ['none', 'None', 'NONE', '', 'nOnE']) {
      expect(await status(unsigned({ alg }))).toBe(401)
      expect(await status(`${part({ alg, kid, typ: 'at+jwt' })}.${part(claims)}.`)).toBe(401)
    }
    expect(await status(good.split('.').slice(0, 2).join('.'))).toBe(401)
  })

  test('attack J2 the public key as a secret', async () => {
    const jwks: JSONWebKeySet = await (await fetch(`${system.issuer}/.well-known/jwks.json`)).json()
    for (const jwk of jwks.keys) {
      const key = await importJWK(jwk, jwk.alg)
      const secrets = [JSON.stringify(jwk), ...(key instanceof Uint8Array ? [] : [await exportSPKI(key)])]
      for (const secret of secrets) {
        const input = `${part({ alg: 'HS256', kid: jwk.kid, typ: 'at+jwt' })}.${part(claims)}`
        expect(await status(`${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`)).toBe(401)
      }
    }
  })

  test('attack J2 another algorithm than the key’s', async () => {
    const rsa = leased.signing.find((each) => each.alg === 'RS256')
    const key = await importJWK({ ...rsa?.privateKey, alg: 'PS256' }, 'PS256')
    const token = new SignJWT(claims).setProtectedHeader({ alg: 'PS256', kid: rsa?.kid ?? '', typ: 'at+jwt' })
    expect(await status(await token.sign(key))).toBe(401)
  })

  test('attack J3 a key of the attacker in the header', async () => {
    const pair = await generateKeyPair('ES256', { extractable: true })
    const jwk = await crypto.subtle.exportKey('jwk', pair.publicKey)
    for (const header of [
      { jwk: { kty: 'EC', crv: 'P-256', x: jwk.x ?? '', y: jwk.y ?? '' } },
      { jku: 'http://127.0.0.1:9/' },
    ]) {
      const token = new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'mine', ...header })
      expect(await status(await token.sign(pair.privateKey))).toBe(401)
    }
  })

  test('attack J4 XCT-04 odd kids, of any type, force one look at the keys and no more', async () => {
    await userinfo.calls()
    for (const odd of ['../jwks', "' OR 1=1", '', '__proto__', 'x'.repeat(5000), 7, null, {}, ['a']])
      expect(await status(unsigned({ alg: 'ES256', kid: odd }))).toBe(401)
    expect((await userinfo.calls())['KEYS.lease'] ?? 0).toBeLessThanOrEqual(2)
  })

  test('attack J5 XCT-04 extensions that nobody knows', async () => {
    expect(await status(unsigned({ alg: 'ES256', crit: ['x'], x: true }))).toBe(401)
    expect(await status(unsigned({ alg: 'ES256', crit: ['b64'], b64: false }))).toBe(401)
    expect(await status(unsigned({ alg: 'ES256', crit: [] }))).toBe(401)
  })

  test('attack J6 attack J7 attack J8 huge, deep, nested and encrypted ones', async () => {
    expect(await status(await signed({ junk: 'x'.repeat(13_000) }))).toBe(401)
    expect(
      await status(`${part({ alg: 'ES256', kid })}.${Buffer.from('['.repeat(4000)).toString('base64url')}.AAAA`),
    ).toBe(401)
    expect(await status(unsigned({ alg: 'ES256', cty: 'JWT' }))).toBe(401)
    for (const header of [
      { alg: 'dir', enc: 'A256GCM', zip: 'DEF' },
      { alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 2_000_000_000, p2s: 'AAAA' },
    ])
      expect(await status([part(header), part(claims), 'AAAA', 'AAAA', 'AAAA'].join('.'))).toBe(401)
  })

  test('attack J9 XCT-04 a token of another type, though we signed it', async () => {
    for (const typ of ['JWT', 'logout+jwt', 'token-introspection+jwt', 'oauth-authz-req+jwt'])
      expect(await status(await signed({}, { typ }))).toBe(401)
  })

  test('attack J10 signatures of zeros, of the wrong length, of a changed token', async () => {
    for (const length of [0, 1, 63, 64, 65, 128])
      expect(await status(unsigned({ alg: 'ES256' }, Buffer.alloc(length)))).toBe(401)
    const [header = '', payload = '', signature = ''] = good.split('.')
    const widened = part({ ...JSON.parse(Buffer.from(payload, 'base64url').toString()), scope: 'openid email' })
    expect(await status([header, widened, signature].join('.'))).toBe(401)
  })

  test('XCT-04 what only we could have signed is still checked', async () => {
    const now = Math.floor(Date.now() / 1000)
    const wrong: Record<string, unknown>[] = [
      { iss: 'https://other.example' },
      { exp: now - 1 },
      { exp: undefined },
      { exp: 'never' },
      { nbf: now + 600 },
      { aud: 'https://api.example' },
      { aud: undefined },
      { jti: 'zzzz.0000000000000000000000' },
      { jti: undefined },
      { jti: '9999999.x' },
      { grant_id: 'none' },
      { client_id: 'other' },
      { scope: undefined },
    ]
    for (const changes of wrong)
      expect([JSON.stringify(changes), await status(await signed(changes))]).toEqual([JSON.stringify(changes), 401])
  })

  test('forged shard ids: garbage of every shape costs no storage call', async () => {
    await userinfo.calls()
    const garbage = Array.from({ length: 300 }, (_, index) => {
      const bytes = Buffer.from(crypto.getRandomValues(new Uint8Array(45)))
      if (index % 2 === 0) bytes.set([1, 2, 1])
      return bytes.toString('base64url')
    })
    for (const token of garbage) expect(await status(token)).toBe(401)
    expect(await status(unsigned({ alg: 'ES256' }))).toBe(401)
    const calls = Object.keys(await userinfo.calls()).filter((name) => name !== 'KEYS.lease')
    expect(calls).toEqual([])
  })
})
