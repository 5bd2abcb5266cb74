import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { basic, signedInTokens, tokenRequest } from '../support/oauth.ts'
import { type System, type TestClient, type TestUser, startSystem } from '../support/system.ts'
import { adminCall, adminJson, postForm, refusal } from './support.ts'

type ClientJson = TestClient & { client_secret: string; previous_secret_expires_at?: string }
interface ClientPage {
  readonly clients: ClientJson[]
  readonly nextCursor: string | null
}

describe('admin API: clients', () => {
  let system: System
  let user: TestUser
  const machine = { client_name: 'Machine', grant_types: ['client_credentials'], response_types: [], scope: 'api.read' }
  const web = {
    client_name: 'Web',
    redirect_uris: ['http://127.0.0.1:9/callback'],
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    scope: 'openid offline_access api.read',
  }
  const create = async (body: object) => {
    const { client } = await adminJson<{ client: ClientJson }>(system, 'POST', '/clients', body)
    return { ...client, secret: client.client_secret, redirectUri: client.redirect_uris[0] ?? '' }
  }
  const token = (client: TestClient) => tokenRequest(system, client, { grant_type: 'client_credentials' })
  const refresh = (client: TestClient, refresh_token: string) =>
    tokenRequest(system, client, { grant_type: 'refresh_token', refresh_token })

  beforeAll(async () => {
    system = await startSystem()
    user = await system.user()
  })
  afterAll(() => system[Symbol.asyncDispose]())

  test('creates a client whose secret works, and shows the secret this once', async () => {
    const client = await create(machine)
    expect((await token(client)).status).toBe(200)
    const { client: shown } = await adminJson<{ client: object }>(system, 'GET', `/clients/${client.client_id}`)
    expect(shown).toMatchObject({ ...machine, disabled: false, client_id: client.client_id })
    expect(shown).not.toHaveProperty('client_secret')
    expect(shown).not.toHaveProperty('secrets')
  })

  test('takes a known client_id and secret, the operator’s members and any scope', async () => {
    const id = `known-${crypto.randomUUID()}`
    const client = await create({
      ...web,
      client_id: id,
      client_secret: 'a secret from elsewhere',
      first_party: true,
      resource_indicators: ['https://api.example'],
      access_token_format: 'opaque',
    })
    expect(client).toMatchObject({ client_id: id, first_party: true, scope: web.scope })
    expect(client).not.toHaveProperty('client_secret')
    expect((await token({ ...client, secret: 'a secret from elsewhere' })).status).toBe(200)
    const again = await adminCall(system, 'POST', '/clients', { body: { ...web, client_id: id } })
    expect(await refusal(again)).toEqual({ status: 409, error: 'already_exists' })
    const short = await adminCall(system, 'POST', '/clients', { body: { ...web, client_secret: 'short' } })
    expect(await refusal(short)).toEqual({ status: 400, error: 'invalid_request' })
  })

  test('of 20 parallel creations of one client_id one succeeds', async () => {
    const body = { ...machine, client_id: `race-${crypto.randomUUID()}` }
    const answers = await Promise.all(Array.from({ length: 20 }, () => adminCall(system, 'POST', '/clients', { body })))
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, ...Array(19).fill(409)])
  })

  test('a change replaces what is given, null resets, and the rest stays', async () => {
    const client = await create({ ...web, logo_uri: 'https://app.example/logo', require_pkce: true })
    const { client: changed } = await adminJson<{ client: object }>(system, 'PATCH', `/clients/${client.client_id}`, {
      client_name: 'Renamed',
      logo_uri: null,
      post_logout_redirect_uris: ['http://127.0.0.1:9/bye'],
    })
    expect(changed).toMatchObject({ client_name: 'Renamed', require_pkce: true, redirect_uris: web.redirect_uris })
    expect(changed).not.toHaveProperty('logo_uri')
    expect((await token(client)).status).toBe(200)
    const wrong = await adminCall(system, 'PATCH', `/clients/${client.client_id}`, {
      body: { redirect_uris: ['javascript:x'] },
    })
    expect(await refusal(wrong)).toEqual({ status: 400, error: 'invalid_redirect_uri' })
    expect((await adminCall(system, 'PATCH', '/clients/nobody', { body: { client_name: 'X' } })).status).toBe(404)
  })

  test('a client that becomes confidential gets a secret, one that becomes public loses it', async () => {
    const client = await create({ ...web, grant_types: ['authorization_code'], token_endpoint_auth_method: 'none' })
    expect(client).not.toHaveProperty('client_secret')
    const path = `/clients/${client.client_id}`
    const { client: confidential } = await adminJson<{ client: ClientJson }>(system, 'PATCH', path, {
      token_endpoint_auth_method: 'client_secret_basic',
    })
    const ask = (secret: string) =>
      postForm(`${system.issuer}/introspect`, { token: 'x' }, basic({ client_id: client.client_id, secret }))
    expect((await ask(confidential.client_secret)).status).toBe(200)
  })

  test('no parallel change is lost', async () => {
    const client = await create(web)
    const path = `/clients/${client.client_id}`
    const changes = [
      { client_name: 'Parallel' },
      { tos_uri: 'https://app.example/tos' },
      { policy_uri: 'https://app.example/policy' },
      { software_id: 'software' },
      { default_max_age: 60 },
    ]
    const answers = await Promise.all(changes.map((body) => adminCall(system, 'PATCH', path, { body })))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    const { client: shown } = await adminJson<{ client: object }>(system, 'GET', path)
    expect(shown).toMatchObject(Object.assign({}, ...changes))
  })

  test('XCT-06 a new secret counts at once, also where the old record is still known', async () => {
    const client = await create(machine)
    expect((await token(client)).status).toBe(200)
    const { client: rotated } = await adminJson<{ client: ClientJson }>(
      system,
      'POST',
      `/clients/${client.client_id}/secret`,
      {},
    )
    expect(rotated).not.toHaveProperty('previous_secret_expires_at')
    expect((await token({ ...client, secret: rotated.client_secret })).status).toBe(200)
  })

  test('XCT-06 attack R3: a refresh with the old secret is refused at once', async () => {
    const client = await create(web)
    const { refresh_token: refreshToken } = await signedInTokens(system, client, user, {
      scope: 'openid offline_access',
    })
    const { client: rotated } = await adminJson<{ client: ClientJson }>(
      system,
      'POST',
      `/clients/${client.client_id}/secret`,
      {},
    )
    expect(await refusal(await refresh(client, refreshToken))).toEqual({ status: 401, error: 'invalid_client' })
    expect((await refresh({ ...client, secret: rotated.client_secret }, refreshToken)).status).toBe(200)
  })

  test('an old secret lives on for the overlap', async () => {
    const client = await create(machine)
    const { client: rotated } = await adminJson<{ client: ClientJson }>(
      system,
      'POST',
      `/clients/${client.client_id}/secret`,
      { overlap: 3600 },
    )
    expect(Date.parse(rotated.previous_secret_expires_at ?? '')).toBeGreaterThan(Date.now() + 3_500_000)
    for (const secret of [client.secret, rotated.client_secret])
      expect((await token({ ...client, secret })).status).toBe(200)
  })

  test('XCT-06 attack R3: a disabled client cannot refresh, and its tokens are inactive, until it is enabled', async () => {
    const client = await create(web)
    const tokens = await signedInTokens(system, client, user, { scope: 'openid offline_access' })
    const userinfo = async () =>
      (await fetch(`${system.issuer}/userinfo`, { headers: { authorization: `Bearer ${tokens.access_token}` } })).status
    expect(await userinfo()).toBe(200)
    const { client: disabled } = await adminJson<{ client: object }>(
      system,
      'POST',
      `/clients/${client.client_id}/disable`,
      {},
    )
    expect(disabled).toMatchObject({ disabled: true })
    expect(await userinfo()).toBe(401)
    expect((await refresh(client, tokens.refresh_token)).status).toBe(401)
    await adminJson(system, 'POST', `/clients/${client.client_id}/enable`, {})
    expect(await userinfo()).toBe(200)
  })

  test('a deleted client loses its grants, and its name can be taken again', async () => {
    const client = await create({ ...web, client_id: `again-${crypto.randomUUID()}` })
    const tokens = await signedInTokens(system, client, user, { scope: 'openid offline_access' })
    const path = `/clients/${client.client_id}`
    expect((await adminCall(system, 'DELETE', path)).status).toBe(204)
    expect((await refresh(client, tokens.refresh_token)).status).toBe(401)
    expect(await refusal(await adminCall(system, 'DELETE', path))).toEqual({ status: 404, error: 'not_found' })
    const reborn = await create({ ...web, client_id: client.client_id })
    const fresh = await signedInTokens(system, reborn, user, { scope: 'openid offline_access' })
    expect(fresh.access_token).toBeTruthy()
    expect((await refresh(reborn, tokens.refresh_token)).status).toBe(400)
  })

  test('lists page by page, each client once, and finds by name', async () => {
    const mark = crypto.randomUUID()
    await Promise.all(Array.from({ length: 7 }, (_, i) => create({ ...machine, client_name: `100% ${mark} ${i}` })))
    const names: (string | undefined)[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: ClientPage = await adminJson(
        system,
        'GET',
        `/clients?search=${encodeURIComponent(`100% ${mark}`)}&limit=3${cursor && `&cursor=${cursor}`}`,
      )
      expect(page.clients.length).toBeLessThanOrEqual(3)
      names.push(...page.clients.map(({ client_name }) => client_name))
      cursor = page.nextCursor
    }
    expect(new Set(names).size).toBe(7)
    expect(names).toHaveLength(7)
    const none = await adminJson<ClientPage>(system, 'GET', `/clients?search=${encodeURIComponent(`1%% ${mark}`)}`)
    expect(none.clients).toEqual([])
    for (const query of ['limit=0', 'limit=101', 'limit=x', 'cursor=!', 'cursor=AAAA'])
      expect((await adminCall(system, 'GET', `/clients?${query}`)).status, query).toBe(400)
  })

  test('an export can be imported, elsewhere and again', async () => {
    const client = await create({ ...machine, client_id: `export-${crypto.randomUUID()}` })
    const page = await adminJson<ClientPage>(system, 'GET', '/exports/clients?limit=100')
    const exported = page.clients.find(({ client_id }) => client_id === client.client_id)
    expect(exported).toMatchObject({ secret_hashes: [{ hash: expect.any(String) }] })
    await using other = await startSystem()
    const body = { clients: [exported] }
    expect(await adminJson(other, 'POST', '/imports/clients', body)).toEqual({ imported: 1, updated: 0 })
    expect(await adminJson(other, 'POST', '/imports/clients', body)).toEqual({ imported: 0, updated: 0 })
    expect((await tokenRequest(other, client, { grant_type: 'client_credentials' })).status).toBe(200)
    const renamed = { clients: [{ ...exported, client_name: 'Renamed' }] }
    expect(await adminJson(other, 'POST', '/imports/clients', renamed)).toEqual({ imported: 0, updated: 1 })
    const wrong = { clients: [{ ...exported, redirect_uris: ['javascript:x'] }] }
    expect((await adminCall(other, 'POST', '/imports/clients', { body: wrong })).status).toBe(400)
  })

  test('attack X2 XCT-02: no secret is in a log line', async () => {
    const client = await create(machine)
    await token(client)
    const lines = system.logs.map(({ message }) => message).join('\n')
    expect(lines).not.toContain(client.secret)
  })
})
