import { createHmac, createSign, randomUUID } from 'node:crypto'
import { type Server, createServer } from 'node:http'
import { type CryptoKey, type JWK, SignJWT, exportJWK, exportSPKI, generateKeyPair } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client } from '../../shared/protocol/client.ts'
import { bodyOf, expectError } from '../support/answers.ts'
import { Doubles, withDoubles } from '../support/doubles.ts'
import { basic, tokenRequest } from '../support/oauth.ts'
import { type System, type TestClient, startSystem } from '../support/system.ts'

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A client's key and what it publishes of it. */
async function keyPair(alg: string, kid: string): Promise<{ privateKey: CryptoKey; publicKey: CryptoKey; jwk: JWK }> {
  const pair = await generateKeyPair(alg, { extractable: true })
  return { ...pair, jwk: { ...(await exportJWK(pair.publicKey)), kid, alg, use: 'sig' } }
}

describe('client authentication', () => {
  let system: System
  let clock: Doubles
  let keys: Awaited<ReturnType<typeof keyPair>>
  let signer: TestClient
  /** The client's own server: paths it was asked for, and what it answers. */
  let server: Server
  let origin: string
  let asked: string[] = []
  let published: JWK[] = []
  let up = true
  let caller = 0

  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(request.url ?? '')
      if (request.url === '/redirect') response.writeHead(302, { location: '/jwks' }).end()
      else if (request.url === '/endless') response.end(JSON.stringify({ keys: published, junk: 'x'.repeat(70_000) }))
      else if (up) response.end(JSON.stringify({ keys: published }))
      else response.writeHead(500).end()
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const bound = server.address()
    origin = `http://127.0.0.1:${bound !== null && typeof bound === 'object' ? bound.port : 0}`
    system = await startSystem({ transform: withDoubles('op-token') })
    clock = new Doubles(system.issuer, 'op-token')
    keys = await keyPair('ES256', 'one')
    signer = await system.client({ token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [keys.jwk] } })
  })
  afterAll(async () => {
    server.closeAllConnections()
    server.close()
    await system[Symbol.asyncDispose]()
  })

  const claimsFor = (client: Client, changes: Record<string, unknown> = {}) => {
    const now = Math.floor(Date.now() / 1000)
    const names = { iss: client.client_id, sub: client.client_id, aud: system.issuer, jti: randomUUID() }
    return { ...names, iat: now, exp: now + 60, ...changes }
  }
  const assertion = (changes: Record<string, unknown> = {}, header: Record<string, unknown> = {}, client = signer) =>
    new SignJWT(claimsFor(client, changes))
      .setProtectedHeader({ alg: 'ES256', kid: 'one', ...header })
      .sign(keys.privateKey)
  const present = (client_assertion: string, more: Record<string, string> = {}) =>
    fetch(`${system.issuer}/token`, {
      method: 'POST',
      // Failures are counted by address.
      headers: { 'cf-connecting-ip': `203.0.${++caller >> 8}.${caller & 255}` },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion,
        client_assertion_type: assertionType,
        ...more,
      }),
    })
  const refused = async (client_assertion: string) =>
    expectError(await present(client_assertion), 401, 'invalid_client')
  const ask = { grant_type: 'client_credentials' }
  const byForm = (form: Record<string, string>, headers: Record<string, string> = {}) =>
    fetch(`${system.issuer}/token`, { method: 'POST', headers, body: new URLSearchParams({ ...ask, ...form }) })

  test('B-28 CLA-01 client_secret_post, for the client that registered it and no other', async () => {
    const poster = await system.client({ token_endpoint_auth_method: 'client_secret_post' })
    const form = { client_id: poster.client_id, client_secret: poster.secret }
    expect((await byForm(form)).status).toBe(200)
    await expectError(await tokenRequest(system, poster, ask), 401, 'invalid_client')
  })

  test('CLA-01 attack C1 two methods at once are refused', async () => {
    const client = await system.client()
    await expectError(await byForm({ client_secret: client.secret }, basic(client)), 400, 'invalid_request')
    await expectError(await present(await assertion(), { client_secret: 'x' }), 400, 'invalid_request')
  })

  test('CLA-01 attack C2 a method that is not the registered one is refused, though the proof is right', async () => {
    const client = await system.client()
    await expectError(
      await byForm({ client_id: client.client_id, client_secret: client.secret }),
      401,
      'invalid_client',
    )
    await expectError(await byForm({ client_id: client.client_id }), 401, 'invalid_client')
    await expectError(await byForm({ client_id: signer.client_id }), 401, 'invalid_client')
    await expectError(await tokenRequest(system, signer, ask), 401, 'invalid_client')
  })

  test.each(['a:b%+ü', 'p ss&=?#"\\', '::::', '%41%2B+', '日本語🔑 secret'])('CLA-02 the secret %s', async (secret) => {
    const client = await system.client({ secret, client_id: `app:${randomUUID()}%` })
    // RFC 6749 §2.3.1 names form-encoding, where a space is a plus; many clients percent-encode it.
    const encode = (text: string) => new URLSearchParams({ x: text }).toString().slice(2)
    const credentials = `${encode(client.client_id)}:${encode(secret)}`
    const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`
    expect((await byForm({}, { authorization })).status).toBe(200)
    expect((await tokenRequest(system, client, ask)).status).toBe(200)
  })

  test('CLA-03 a challenge when Basic was tried, and only then', async () => {
    const client = await system.client()
    const wrong = await tokenRequest(system, { ...client, secret: 'wrong' }, ask)
    expect(wrong.headers.get('www-authenticate')).toMatch(/^Basic realm="/)
    await expectError(wrong, 401, 'invalid_client')
    const posted = await byForm({ client_id: client.client_id, client_secret: 'wrong' })
    expect(posted.headers.get('www-authenticate')).toBeNull()
    await expectError(await byForm({}), 401, 'invalid_client')
  })

  test('CLA-04 attack C3 an unknown client, a wrong secret and an expired one look the same; secrets are stored hashed', async () => {
    const old = await system.client({ secret: 'the old secret of before' })
    const expired = await system.client({
      secret: 'the old secret of before',
      secrets: old.secrets.map((each) => ({ ...each, expires_at: 1000 })),
    })
    const answers = [
      await tokenRequest(system, { ...old, client_id: 'nobody' }, ask),
      await tokenRequest(system, { ...old, secret: 'wrong' }, ask),
      await tokenRequest(system, expired, ask),
    ]
    const texts = new Set(await Promise.all(answers.map((answer) => answer.text())))
    expect(texts.size).toBe(1)
    const { results } = await system.db.prepare('SELECT record FROM clients').all()
    expect(JSON.stringify(results)).not.toContain('the old secret of before')
    expect((await tokenRequest(system, old, ask)).status).toBe(200)
  })

  test('CLA-04 after twenty failures 429, also for the right secret, and only for that address', async () => {
    const client = await system.client()
    const from = (address: string, secret: string) =>
      byForm({}, { ...basic({ ...client, secret }), 'cf-connecting-ip': address })
    for (let i = 0; i < 20; i++) expect((await from('192.0.2.1', `wrong ${i}`)).status).toBe(401)
    const throttled = await from('192.0.2.1', 'wrong')
    expect(Number(throttled.headers.get('retry-after'))).toBeGreaterThan(0)
    await expectError(throttled, 429, 'too_many_requests')
    await expectError(await from('192.0.2.1', client.secret), 429, 'too_many_requests')
    expect((await from('192.0.2.2', client.secret)).status).toBe(200)
  })

  test('CLA-04 invented clients fill no storage: they share one count', async () => {
    const guess = (name: string) =>
      byForm({}, { ...basic({ client_id: name, secret: 'x' }), 'cf-connecting-ip': '192.0.2.9' })
    for (let i = 0; i < 20; i++) expect((await guess(`invented-${i}`)).status).toBe(401)
    await expectError(await guess('invented-20'), 429, 'too_many_requests')
  })

  test('CLA-09 a public client names itself, and a secret is refused', async () => {
    const open = await system.client({
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
    })
    const form = { grant_type: 'authorization_code', code: 'nonsense', client_id: open.client_id }
    await expectError(await byForm(form), 400, 'invalid_grant')
    await expectError(await byForm({ ...form, client_secret: 'any' }), 401, 'invalid_client')
    await expectError(await byForm({ grant_type: 'authorization_code', code: 'nonsense' }), 401, 'invalid_client')
  })

  test('CLA-05 an assertion for the issuer or the token endpoint is accepted, without iat too', async () => {
    expect((await present(await assertion())).status).toBe(200)
    expect((await present(await assertion({ aud: `${system.issuer}/token` }))).status).toBe(200)
    expect((await present(await assertion({ aud: [system.issuer] }))).status).toBe(200)
    expect((await present(await assertion({ iat: undefined }, { typ: 'client-authentication+jwt' }))).status).toBe(200)
    expect((await present(await assertion(), { client_id: signer.client_id })).status).toBe(200)
  })

  test('CLA-05 attack C4 attack C6 whatever is wrong with it, it is refused', async () => {
    const now = Math.floor(Date.now() / 1000)
    const wrong: Record<string, unknown>[] = [
      { aud: 'https://other.example' },
      { aud: `${system.issuer}/userinfo` },
      { aud: 'https://other.example/token' },
      { aud: undefined },
      { iss: 'other' },
      { sub: 'other' },
      { sub: undefined },
      { exp: undefined },
      { exp: now - 61 },
      { exp: now + 3600 },
      { exp: 'soon' },
      { jti: undefined },
      { nbf: now + 300 },
    ]
    for (const changes of wrong) await refused(await assertion(changes))
    await expectError(await present(await assertion(), { client_id: 'other' }), 401, 'invalid_client')
    for (const client_assertion_type of ['', 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer'])
      await expectError(await present(await assertion(), { client_assertion_type }), 401, 'invalid_client')
  })

  test('fault F31 a clock ten seconds ahead is accepted, one of more than a minute is not', async () => {
    const now = Math.floor(Date.now() / 1000)
    expect((await present(await assertion({ iat: now + 10, nbf: now + 10, exp: now + 70 }))).status).toBe(200)
    expect((await present(await assertion({ iat: now - 300, exp: now + 5 }))).status).toBe(200)
    await refused(await assertion({ iat: now + 90, exp: now + 120 }))
    await refused(await assertion({ nbf: now + 90, exp: now + 120 }))
  })

  test('CLA-05 attack C5 fault F32 XCT-01 of a hundred uses of an assertion one counts', async () => {
    const once = await assertion()
    const statuses = (await Promise.all(Array.from({ length: 100 }, () => present(once)))).map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    expect(statuses.filter((status) => status === 401 || status === 429)).toHaveLength(99)
  })

  test('CLA-05 only the registered algorithm', async () => {
    const rsa = await keyPair('RS256', 'rsa')
    const jwks = { keys: [keys.jwk, rsa.jwk] }
    const method = { token_endpoint_auth_method: 'private_key_jwt', jwks } as const
    const client = await system.client({ ...method, token_endpoint_auth_signing_alg: 'RS256' })
    await refused(await assertion({}, {}, client))
    const signed = new SignJWT(claimsFor(client)).setProtectedHeader({ alg: 'RS256', kid: 'rsa' })
    expect((await present(await signed.sign(rsa.privateKey))).status).toBe(200)
    const symmetric = await system.client({
      ...method,
      token_endpoint_auth_signing_alg: 'HS256',
      jwks: {
        keys: [{ kty: 'oct', k: Buffer.from('public knowledge').toString('base64url'), kid: 'one', alg: 'HS256' }],
      },
    })
    const forged = new SignJWT(claimsFor(symmetric)).setProtectedHeader({ alg: 'HS256', kid: 'one' })
    await refused(await forged.sign(Buffer.from('public knowledge')))
  })

  test('CLA-06 DSC-04 attack J1 attack J2 no signature, or the public key as a secret', async () => {
    const claims = part(claimsFor(signer))
    await refused(`${part({ alg: 'none' })}.${claims}.`)
    await refused(`${part({ alg: 'none', kid: 'one' })}.${claims}.c2ln`)
    const secrets = [await exportSPKI(keys.publicKey), JSON.stringify(keys.jwk)]
    for (const secret of secrets) {
      const input = `${part({ alg: 'HS256', kid: 'one' })}.${claims}`
      await refused(`${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`)
    }
  })

  test('CLA-06 attack J3 keys that the header brings or points to are ignored, and nothing is fetched', async () => {
    const stranger = await keyPair('ES256', 'stranger')
    published = [stranger.jwk]
    asked = []
    for (const header of [
      { jwk: stranger.jwk },
      { jku: `${origin}/jwks`, kid: 'stranger' },
      { x5u: `${origin}/x5u` },
    ]) {
      const signed = new SignJWT(claimsFor(signer)).setProtectedHeader({ alg: 'ES256', ...header })
      await refused(await signed.sign(stranger.privateKey))
    }
    expect(asked).toEqual([])
  })

  test('XCT-04 attack J4 attack J5 odd kids are looked up and not found, unknown crit and b64 are refused', async () => {
    for (const kid of ['../../etc/passwd', "' OR 1=1 --", '', 'x'.repeat(4000)])
      await refused(await assertion({}, { kid }))
    const sign = (header: unknown) => {
      const input = `${part(header)}.${part(claimsFor(signer))}`
      return `${input}.${Buffer.alloc(64, 7).toString('base64url')}`
    }
    await refused(sign({ alg: 'ES256', kid: 'one', crit: ['x'], x: 1 }))
    await refused(sign({ alg: 'ES256', kid: 'one', crit: ['b64'], b64: false }))
    for (const typ of ['at+jwt', 'oauth-authz-req+jwt', 'dpop+jwt']) await refused(await assertion({}, { typ }))
  })

  test('attack J6 attack J7 attack J8 huge, deep, nested or encrypted tokens are refused', async () => {
    await refused(await assertion({ junk: 'x'.repeat(17_000) }))
    await refused(`${part({ alg: 'ES256' })}.${Buffer.from('['.repeat(9000)).toString('base64url')}.c2ln`)
    await refused(
      `${part({ alg: 'ES256', cty: 'JWT', kid: 'one' })}.${Buffer.from(await assertion()).toString('base64url')}.c2ln`,
    )
    for (const header of [
      { alg: 'dir', enc: 'A256GCM', zip: 'DEF' },
      { alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 2_000_000_000, p2s: 'AAAA' },
    ])
      await refused([part(header), part(claimsFor(signer)), 'AAAA', 'AAAA', 'AAAA'].join('.'))
  })

  test('attack J10 a signature of zeros, and a key that is on no curve', async () => {
    const input = `${part({ alg: 'ES256', kid: 'one' })}.${part(claimsFor(signer))}`
    await refused(`${input}.${Buffer.alloc(64).toString('base64url')}`)
    const off = { ...keys.jwk, y: keys.jwk.x ?? '' }
    const client = await system.client({ token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [off] } })
    await refused(await assertion({}, {}, client))
  })

  test('attack J11 a claim that is there twice is refused, whichever counts', async () => {
    const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey))
    const sign = (header: string, claims: string) => {
      const input = [header, claims].map((text) => Buffer.from(text).toString('base64url')).join('.')
      const key = { key: pkcs8, format: 'der', type: 'pkcs8', dsaEncoding: 'ieee-p1363' } as const
      return `${input}.${createSign('sha256').update(input).sign(key, 'base64url')}`
    }
    const header = JSON.stringify({ alg: 'ES256', kid: 'one' })
    const claims = () => JSON.stringify(claimsFor(signer))
    expect((await present(sign(header, claims()))).status).toBe(200)
    await refused(sign(header, claims().replace('{', '{"aud":"https://other.example",')))
    await refused(sign(header.replace('{', '{"alg":"none",'), claims()))
  })

  test('CLA-07 fault F37 a jwks_uri: cached, rotated, and never more than one forced fetch a minute', async () => {
    published = [keys.jwk]
    const client = await system.client({ token_endpoint_auth_method: 'private_key_jwt', jwks_uri: `${origin}/jwks` })
    asked = []
    for (let i = 0; i < 3; i++) expect((await present(await assertion({}, {}, client))).status).toBe(200)
    expect(asked).toEqual(['/jwks'])
    published = [{ ...keys.jwk, kid: 'two' }]
    expect((await present(await assertion({}, { kid: 'two' }, client))).status).toBe(200)
    expect(asked).toHaveLength(2)
    const bogus = await Promise.all(Array.from({ length: 100 }, (_, i) => assertion({}, { kid: `bogus-${i}` }, client)))
    for (const response of await Promise.all(bogus.map((each) => present(each))))
      expect([401, 429]).toContain(response.status)
    expect(asked).toHaveLength(2)
    up = false
    await clock.advance(120)
    const now = Math.floor(Date.now() / 1000) + 120
    const later = (kid: string) => assertion({ iat: now, exp: now + 60 }, { kid }, client)
    await refused(await later('bogus'))
    expect((await present(await later('two'))).status).toBe(200)
    expect(asked).toHaveLength(3)
    up = true
    await clock.advance(0)
  })

  test('attack S2 attack S3 XCT-03 a jwks_uri that redirects or does not end gives no keys', async () => {
    published = [keys.jwk]
    asked = []
    for (const path of ['/redirect', '/endless']) {
      const jwks_uri = origin + path
      const client = await system.client({ token_endpoint_auth_method: 'private_key_jwt', jwks_uri })
      await refused(await assertion({}, {}, client))
    }
    expect(asked).toEqual(['/redirect', '/endless'])
  })

  test('attack S1 a jwks_uri that leads inside is never fetched', async () => {
    asked = []
    for (const jwks_uri of [
      'https://127.0.0.1/jwks',
      'http://10.0.0.1/jwks',
      'https://localhost/',
      'file:///etc/passwd',
    ]) {
      const client = await system.client({ token_endpoint_auth_method: 'private_key_jwt', jwks_uri })
      await refused(await assertion({}, {}, client))
    }
    const outside = await startSystem({ variables: { ENVIRONMENT: 'production' } })
    try {
      const client = await outside.client({ token_endpoint_auth_method: 'private_key_jwt', jwks_uri: `${origin}/jwks` })
      const client_assertion = await assertion({ aud: outside.issuer }, {}, client)
      const body = new URLSearchParams({ ...ask, client_assertion, client_assertion_type: assertionType })
      await expectError(await fetch(`${outside.issuer}/token`, { method: 'POST', body }), 401, 'invalid_client')
    } finally {
      await outside[Symbol.asyncDispose]()
    }
    expect(asked).toEqual([])
  })

  test('XCT-06 a secret that was changed is refused within the time that the cache keeps a client', async () => {
    const client = await system.client()
    expect((await tokenRequest(system, client, ask)).status).toBe(200)
    const record: Client = { ...client, secrets: [{ hash: 'another' }], revision: client.revision + 1 }
    await system.db
      .prepare('UPDATE clients SET record = ? WHERE client_id = ?')
      .bind(JSON.stringify(record), client.client_id)
      .run()
    await clock.advance(31)
    await expectError(await tokenRequest(system, client, ask), 401, 'invalid_client')
    await clock.advance(0)
  })

  test('G-07 an authenticated client’s mistakes are 400', async () => {
    const client = await system.client()
    expect(await bodyOf(await tokenRequest(system, client, { ...ask, scope: 'no such' }))).toMatchObject({
      error: 'invalid_scope',
    })
  })
})
