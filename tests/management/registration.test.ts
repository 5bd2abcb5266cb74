import { exportJWK, generateKeyPair } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { basic } from '../support/oauth.ts'
import { type System, startSystem } from '../support/system.ts'
import { adminCall, adminJson, json, postForm, refusal, sendJson } from './support.ts'

interface Registered {
  readonly client_id: string
  readonly client_secret: string
  readonly registration_client_uri: string
  readonly registration_access_token: string
  readonly [member: string]: unknown
}

const metadata = { redirect_uris: ['https://app.example/callback'], client_name: 'An App' }

describe('open registration', () => {
  let system: System
  const register = (body: unknown) => sendJson(`${system.issuer}/register`, 'POST', body)
  const registered = async (body: object = metadata) => {
    const response = await register(body)
    expect(response.status).toBe(201)
    return await json<Registered>(response)
  }
  const manage = (client: Registered, method: string, body?: unknown, token = client.registration_access_token) =>
    fetch(client.registration_client_uri, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })

  beforeAll(async () => {
    system = await startSystem({ variables: { REGISTRATION: 'open' } })
  })
  afterAll(() => system[Symbol.asyncDispose]())

  test('G-03 answers 201 with what was registered, a management address and a secret that never expires', async () => {
    const { publicKey } = await generateKeyPair('ES256', { extractable: true })
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'a', use: 'sig' }] }
    const wanted = {
      ...metadata,
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_post',
      contacts: ['admin@app.example'],
      jwks,
    }
    const response = await register(wanted)
    expect(response.status).toBe(201)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const client = await json<Registered>(response)
    expect(client).toMatchObject(wanted)
    expect(client.client_secret_expires_at).toBe(0)
    expect(Buffer.from(client.client_secret, 'base64url')).toHaveLength(32)
    expect(client.registration_client_uri).toBe(`${system.issuer}/register/${client.client_id}`)
    expect(client.registration_access_token).toMatch(/^[\w-]{60}$/)
  })

  test('REG-03 fills in the defaults of the specifications', async () => {
    expect(await registered({ redirect_uris: metadata.redirect_uris })).toMatchObject({
      application_type: 'web',
      grant_types: ['authorization_code'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_basic',
      id_token_signed_response_alg: 'RS256',
      subject_type: 'public',
      scope: 'openid profile email address phone offline_access',
    })
  })

  test('REG-04 drops members that it does not know', async () => {
    expect(await registered({ ...metadata, favourite_colour: 'red' })).not.toHaveProperty('favourite_colour')
  })

  test('attack C7: a client cannot register what is the operator’s to decide', async () => {
    const client = await registered({
      ...metadata,
      scope: 'openid api.admin',
      first_party: true,
      require_pkce: false,
      resource: 'https://api.example',
      resource_indicators: ['https://api.example'],
      access_token_format: 'opaque',
      disabled: false,
      client_id: 'chosen',
      client_secret: 'chosen-chosen-chosen',
      secrets: [],
      revision: 1,
      registration_token_hash: 'x',
    })
    expect(client.scope).toBe('openid')
    expect(client.client_id).not.toBe('chosen')
    expect(client.client_secret).not.toBe('chosen-chosen-chosen')
    const { client: stored } = await adminJson<{ client: object }>(system, 'GET', `/clients/${client.client_id}`)
    for (const member of ['first_party', 'require_pkce', 'resource', 'resource_indicators', 'access_token_format'])
      expect(stored).not.toHaveProperty(member)
  })

  test('REG-02 attack O8: refuses redirect URIs that a browser might run or that name no host', async () => {
    for (const uri of [
      'javascript:alert(1)',
      'JaVaScRiPt:alert(1)',
      'data:text/html,x',
      'http://app.example/',
      '/callback',
    ])
      expect(await refusal(await register({ redirect_uris: [uri] })), uri).toEqual({
        status: 400,
        error: 'invalid_redirect_uri',
      })
  })

  test('D-13 refuses a redirect URI with a fragment', async () => {
    const response = await register({ redirect_uris: ['https://app.example/callback#part'] })
    expect(await refusal(response)).toEqual({ status: 400, error: 'invalid_redirect_uri' })
  })

  test.each([
    ['D-14', 'logo_uri'],
    ['D-15', 'policy_uri'],
    ['D-16', 'tos_uri'],
  ])('%s registers %s', async (_, member) => {
    expect(await registered({ ...metadata, [member]: 'https://app.example/it' })).toHaveProperty(
      member,
      'https://app.example/it',
    )
  })

  test('REG-12 refuses page addresses that are no web pages', async () => {
    for (const member of ['logo_uri', 'policy_uri', 'tos_uri', 'client_uri'])
      expect(await refusal(await register({ ...metadata, [member]: 'javascript:alert(1)' }))).toEqual({
        status: 400,
        error: 'invalid_client_metadata',
      })
  })

  test('D-17 registers jwks_uri in place of jwks', async () => {
    const client = await registered({
      ...metadata,
      token_endpoint_auth_method: 'private_key_jwt',
      jwks_uri: 'https://app.example.com/jwks.json',
    })
    expect(client).toMatchObject({ jwks_uri: 'https://app.example.com/jwks.json' })
    expect(client).not.toHaveProperty('client_secret')
  })

  test('attack S1: refuses a jwks_uri on private or own hosts', async () => {
    for (const jwks_uri of ['https://10.0.0.1/jwks', 'https://intranet/jwks', 'http://app.example.com/jwks'])
      expect(await refusal(await register({ ...metadata, jwks_uri })), jwks_uri).toEqual({
        status: 400,
        error: 'invalid_client_metadata',
      })
  })

  test('REG-05 refuses private keys, and jwks beside jwks_uri', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
    const keys = [await exportJWK(privateKey)]
    const both = { jwks: { keys: [await exportJWK(publicKey)] }, jwks_uri: 'https://app.example.com/jwks.json' }
    for (const wrong of [{ jwks: { keys } }, { jwks: { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] } }, both])
      expect(await refusal(await register({ ...metadata, ...wrong }))).toEqual({
        status: 400,
        error: 'invalid_client_metadata',
      })
  })

  test('T-01 registers initiate_login_uri and shows it to the client', async () => {
    const client = await registered({ ...metadata, initiate_login_uri: 'https://app.example/start' })
    expect(client).toMatchObject({ initiate_login_uri: 'https://app.example/start' })
    const read = await manage(client, 'GET')
    expect(read.status).toBe(200)
    expect(await read.json()).toMatchObject({
      client_id: client.client_id,
      initiate_login_uri: 'https://app.example/start',
    })
  })

  test('T-02 refuses an initiate_login_uri without https', async () => {
    const response = await register({ ...metadata, initiate_login_uri: 'http://app.example/start' })
    expect(await refusal(response)).toEqual({ status: 400, error: 'invalid_client_metadata' })
  })

  test('attack C8 REG-09: a registration token works for its own client only', async () => {
    const [one, two] = [await registered(), await registered()]
    for (const [client, token] of [
      [one, two.registration_access_token],
      [one, 'x'.repeat(60)],
      [one, ''],
    ] as const)
      for (const method of ['GET', 'DELETE']) {
        const response = await manage(client, method, undefined, token)
        expect(response.status).toBe(401)
        expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/)
      }
    expect((await manage({ ...one, registration_client_uri: `${system.issuer}/register/nobody` }, 'GET')).status).toBe(
      401,
    )
  })

  test('REG-09 storage has no registration token and no secret', async () => {
    const client = await registered()
    const { db } = system
    const record = await db
      .prepare('SELECT record FROM clients WHERE client_id = ?')
      .bind(client.client_id)
      .first('record')
    expect(record).not.toContain(client.registration_access_token)
    expect(record).not.toContain(client.client_secret)
  })

  test('REG-10 PUT replaces the metadata, and what is left out goes back to its default', async () => {
    const client = await registered({ ...metadata, contacts: ['a@app.example'], logo_uri: 'https://app.example/logo' })
    const response = await manage(client, 'PUT', {
      client_id: client.client_id,
      client_secret: client.client_secret,
      redirect_uris: ['https://app.example/other'],
    })
    expect(response.status).toBe(200)
    const updated = await json<Registered>(response)
    expect(updated.redirect_uris).toEqual(['https://app.example/other'])
    expect(updated).not.toHaveProperty('contacts')
    expect(updated).not.toHaveProperty('logo_uri')
    expect(updated).not.toHaveProperty('client_name')
    expect(updated.registration_access_token).toBe(client.registration_access_token)
    // The secret is the same one.
    const introspected = await postForm(
      `${system.issuer}/introspect`,
      { token: 'x' },
      basic({ ...client, secret: client.client_secret }),
    )
    expect(introspected.status).toBe(200)
  })

  test('REG-10 PUT refuses another client_id, another secret and members that the server manages', async () => {
    const client = await registered()
    const right = { ...metadata, client_id: client.client_id }
    for (const wrong of [
      metadata,
      { ...metadata, client_id: 'another' },
      { ...right, client_secret: 'another' },
      { ...right, registration_client_uri: client.registration_client_uri },
      { ...right, registration_access_token: client.registration_access_token },
      { ...right, client_secret_expires_at: 0 },
      { ...right, client_id_issued_at: 1 },
    ])
      expect((await manage(client, 'PUT', wrong)).status).toBe(400)
    expect((await manage(client, 'PUT', right)).status).toBe(200)
  })

  test('attack C7: PUT keeps what the operator decided', async () => {
    const client = await registered()
    await adminJson(system, 'PATCH', `/clients/${client.client_id}`, { require_pkce: true })
    const response = await manage(client, 'PUT', {
      ...metadata,
      client_id: client.client_id,
      require_pkce: false,
      first_party: true,
    })
    expect(await response.json()).toMatchObject({ require_pkce: true })
    const { client: stored } = await adminJson<{ client: object }>(system, 'GET', `/clients/${client.client_id}`)
    expect(stored).not.toHaveProperty('first_party')
  })

  test('G-04 REG-11 XCT-06: DELETE answers 204, and the client and its token are gone at once', async () => {
    const client = await registered({ ...metadata, grant_types: ['authorization_code', 'client_credentials'] })
    const credentials = basic({ ...client, secret: client.client_secret })
    const issued = await postForm(`${system.issuer}/token`, { grant_type: 'client_credentials' }, credentials)
    const { access_token: token } = await json<{ access_token: string }>(issued)
    const observer = await system.client({ resource: system.issuer })
    const isActive = async () => {
      const response = await postForm(`${system.issuer}/introspect`, { token }, basic(observer))
      return (await json<{ active: boolean }>(response)).active
    }
    expect(await isActive()).toBe(true)
    const deleted = await manage(client, 'DELETE')
    expect(deleted.status).toBe(204)
    expect(await deleted.text()).toBe('')
    expect(await isActive()).toBe(false)
    expect((await manage(client, 'GET')).status).toBe(401)
    expect((await manage(client, 'DELETE')).status).toBe(401)
    expect((await adminCall(system, 'GET', `/clients/${client.client_id}`)).status).toBe(404)
  })

  test('refuses what is no JSON object, and other methods', async () => {
    const url = `${system.issuer}/register`
    expect((await postForm(url, { redirect_uris: 'https://app.example' })).status).toBe(400)
    expect((await sendJson(url, 'POST', [])).status).toBe(400)
    const got = await fetch(url)
    expect(got.status).toBe(405)
    expect(got.headers.get('allow')).toContain('POST')
  })
})

describe('limited registration', () => {
  test('REG-01 closed: 403, and discovery has no registration endpoint', async () => {
    await using system = await startSystem({ variables: { REGISTRATION: 'closed' } })
    const response = await sendJson(`${system.issuer}/register`, 'POST', metadata)
    expect(await refusal(response)).toEqual({ status: 403, error: 'access_denied' })
  })

  test('REG-01 token: only with an initial access token of the operator', async () => {
    await using system = await startSystem({ variables: { REGISTRATION: 'token' } })
    const url = `${system.issuer}/register`
    const without = await sendJson(url, 'POST', metadata)
    expect(without.headers.get('www-authenticate')).toMatch(/^Bearer/)
    expect(await refusal(without)).toEqual({ status: 401, error: 'invalid_token' })
    const { registrationToken } = await adminJson<{ registrationToken: { token: string; expiresAt: string } }>(
      system,
      'POST',
      '/registration-tokens',
      { expiresIn: 3600 },
    )
    expect(Date.parse(registrationToken.expiresAt)).toBeGreaterThan(Date.now() + 3_500_000)
    const authorization = `Bearer ${registrationToken.token}`
    const first = await sendJson(url, 'POST', metadata, { authorization })
    expect(first.status).toBe(201)
    // It counts until it expires, for as many clients as there are.
    expect((await sendJson(url, 'POST', metadata, { authorization })).status).toBe(201)
    // A token of another kind is none.
    const { registration_access_token: other } = await json<Registered>(first)
    expect((await sendJson(url, 'POST', metadata, { authorization: `Bearer ${other}` })).status).toBe(401)
  })

  test('attack P5: a flood of registrations from one address is answered 429', async () => {
    await using system = await startSystem({
      variables: { REGISTRATION: 'open' },
      transform: (workers) =>
        workers.map((worker) => ({
          ...worker,
          bindings: Object.fromEntries(
            Object.entries(worker.bindings).map(([name, binding]) => [
              name,
              binding.type === 'rate-limit' ? { ...binding, limit: 3 } : binding,
            ]),
          ),
        })),
    })
    const flood = Array.from({ length: 8 }, () => sendJson(`${system.issuer}/register`, 'POST', metadata))
    const answers = await Promise.all(flood)
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused).toHaveLength(5)
    expect(refused[0]?.headers.get('retry-after')).toMatch(/^\d+$/)
    const { db } = system
    expect(await db.prepare('SELECT count(*) AS count FROM clients').first('count')).toBe(3)
  })
})
