import { exportJWK, generateKeyPair, calculateJwkThumbprint } from 'jose'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type System, startSystem } from '../support/system.ts'
import { type CallOptions, type SigningKey, adminCall, adminJson, operatorToken, refusal } from './support.ts'

const unauthorised = { status: 401, error: 'invalid_token' }

async function newKey(): Promise<SigningKey & { publicKey: object }> {
  const { privateKey, publicKey } = await generateKeyPair('Ed25519', { extractable: true })
  const jwk = await exportJWK(publicKey)
  return { kid: await calculateJwkThumbprint(jwk), privateKey, publicKey: jwk }
}

describe('operator authentication', () => {
  let system: System
  const now = () => Math.floor(Date.now() / 1000)
  const list = (options: CallOptions = {}) => adminCall(system, 'GET', '/clients?limit=20', options)

  beforeAll(async () => {
    system = await startSystem()
    // The bootstrap key becomes the first operator.
    await adminJson(system, 'GET', '/clients')
  })
  afterAll(() => system[Symbol.asyncDispose]())

  test('refuses a request without a token, with a challenge', async () => {
    const response = await fetch(`${system.issuer}/admin/v1/clients`)
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/)
    expect(await refusal(response)).toEqual(unauthorised)
  })

  test.each([
    ['expired', { iat: now() - 120, exp: now() - 60 }],
    ['without exp', { exp: undefined }],
    ['living too long', { exp: now() + 3600 }],
    ['from the future', { iat: now() + 60, exp: now() + 60 }],
    ['for another audience', { aud: 'https://other.example' }],
    ['of another issuer', { iss: 'somebody' }],
    ['without jti', { jti: undefined }],
  ])('attack N1: refuses a token %s', async (_, claims) => {
    expect(await refusal(await list({ claims }))).toEqual(unauthorised)
  })

  test('attack N1: refuses a replayed jti, also of 20 parallel calls all but one', async () => {
    const jti = crypto.randomUUID()
    const answers = await Promise.all(Array.from({ length: 20 }, () => list({ claims: { jti } })))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(19)
  })

  test('attack N2: refuses another method, path, query or body than was signed', async () => {
    const body = { client_name: 'A', redirect_uris: ['https://app.example/callback'] }
    const sent = { ...body, first_party: true }
    const calls = [
      list({ claims: { htm: 'DELETE' } }),
      list({ claims: { htu: '/admin/v1/users?limit=20' } }),
      list({ claims: { htu: '/admin/v1/clients?limit=21' } }),
      list({ claims: { htu: '/admin/v1/clients' } }),
      adminCall(system, 'POST', '/clients', { body, sent }),
      adminCall(system, 'POST', '/clients', { sent }),
    ]
    for (const call of calls) expect(await refusal(await call)).toEqual(unauthorised)
    const { clients } = await adminJson<{ clients: unknown[] }>(system, 'GET', '/clients')
    expect(clients).toEqual([])
  })

  test('attack J1 attack J9: refuses other algorithms and other kinds of token', async () => {
    const token = await operatorToken(system, 'GET', '/clients')
    const [, payload] = token.split('.')
    const header = { alg: 'none', typ: 'authrim-operator+jwt', kid: system.local.operatorKey.kid }
    const unsigned = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${payload}.`
    for (const wrong of [unsigned, `${token.slice(0, -6)}AAAAAA`, 'garbage', 'a.b.c', 'x'.repeat(10_000)]) {
      const response = await fetch(`${system.issuer}/admin/v1/clients`, {
        headers: { authorization: `Bearer ${wrong}` },
      })
      expect(await refusal(response)).toEqual(unauthorised)
    }
    expect(await refusal(await list({ header: { typ: 'JWT' } }))).toEqual(unauthorised)
    expect(await refusal(await list({ header: { kid: '../../etc/passwd' } }))).toEqual(unauthorised)
  })

  test('attack N1: the key of somebody who is no operator is refused', async () => {
    const stranger = await newKey()
    expect(await refusal(await list({ key: stranger }))).toEqual(unauthorised)
    // Nor by claiming to be one.
    expect(await refusal(await list({ key: { ...stranger, kid: system.local.operatorKey.kid } }))).toEqual(unauthorised)
  })

  test('attack N3: an operator who is added may call, and after the removal not once more', async () => {
    const grace = await newKey()
    const { operator } = await adminJson<{ operator: { kid: string; name: string; expiresAt: null } }>(
      system,
      'POST',
      '/operators',
      { name: 'Grace', publicKey: grace.publicKey },
    )
    expect(operator).toMatchObject({ kid: grace.kid, name: 'Grace', expiresAt: null })
    expect((await list({ key: grace })).status).toBe(200)
    expect((await adminCall(system, 'DELETE', `/operators/${grace.kid}`)).status).toBe(204)
    expect(await refusal(await list({ key: grace }))).toEqual(unauthorised)
    expect((await adminCall(system, 'DELETE', `/operators/${grace.kid}`)).status).toBe(404)
  })

  test('an operator whose time is over is refused', async () => {
    const short = await newKey()
    await adminJson(system, 'POST', '/operators', {
      name: 'Short',
      publicKey: short.publicKey,
      expiresAt: new Date(Date.now() + 2500).toISOString(),
    })
    expect((await list({ key: short })).status).toBe(200)
    await vi.waitFor(async () => expect(await refusal(await list({ key: short }))).toEqual(unauthorised), {
      timeout: 5000,
      interval: 200,
    })
  })

  test('the last operator cannot be removed, and keys that are no Ed25519 keys are refused', async () => {
    const { operators } = await adminJson<{ operators: { kid: string; name: string }[] }>(system, 'GET', '/operators')
    for (const { kid } of operators.filter(({ name }) => name !== 'bootstrap'))
      await adminCall(system, 'DELETE', `/operators/${kid}`)
    const last = await adminCall(system, 'DELETE', `/operators/${system.local.operatorKey.kid}`)
    expect(await refusal(last)).toEqual({ status: 400, error: 'invalid_request' })
    const { publicKey } = await generateKeyPair('ES256', { extractable: true })
    const wrong = await adminCall(system, 'POST', '/operators', {
      body: { name: 'X', publicKey: await exportJWK(publicKey) },
    })
    expect(await refusal(wrong)).toEqual({ status: 400, error: 'invalid_request' })
  })
})
