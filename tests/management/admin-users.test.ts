import { pbkdf2Sync, randomBytes, scryptSync } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signedInTokens, tokenRequest } from '../support/oauth.ts'
import { type System, type TestClient, startSystem } from '../support/system.ts'
import { adminCall, adminJson, refusal } from './support.ts'

interface UserJson {
  readonly sub: string
  readonly username: string | null
  readonly email: string
  readonly emailVerified: boolean
  readonly disabled: boolean
  readonly claims: Record<string, unknown>
  readonly hasPassword: boolean
}
interface UserAnswer {
  readonly user: UserJson
}

const password = 'a password of length'

describe('admin API: people', () => {
  let system: System
  let client: TestClient
  const name = () => `u${randomBytes(6).toString('hex')}`
  const create = async (body: object = {}) => {
    const username = name()
    const given = { email: `${username}@example.com`, username, password, ...body }
    const { user } = await adminJson<UserAnswer>(system, 'POST', '/users', given)
    return { ...user, username, password }
  }
  const tokensOf = (person: { username: string; password: string }) =>
    signedInTokens(
      system,
      client,
      { ...person, sub: '', email: '', claims: {} },
      { scope: 'openid offline_access' },
      system.agent(),
    )
  const refresh = async (token: string) =>
    (await tokenRequest(system, client, { grant_type: 'refresh_token', refresh_token: token })).status
  const sessionsOf = async (sub: string) =>
    (await adminJson<{ sessions: { clients: string[] }[] }>(system, 'GET', `/users/${sub}/sessions`)).sessions

  beforeAll(async () => {
    system = await startSystem()
    client = await system.client()
  })
  afterAll(() => system[Symbol.asyncDispose]())

  test('creates a person who can sign in', async () => {
    const user = await create({ name: 'Ada Lovelace', emailVerified: true, claims: { locale: 'en-GB' } })
    expect(user).toMatchObject({
      disabled: false,
      emailVerified: true,
      hasPassword: true,
      claims: { name: 'Ada Lovelace', locale: 'en-GB' },
    })
    expect(user.sub).toMatch(/^[\w-]{22}$/)
    expect((await tokensOf(user)).id_token).toBeTruthy()
  })

  test('finds a person by sub, user name and address, in any case', async () => {
    const user = await create()
    for (const id of [user.sub, user.username, user.username.toUpperCase(), user.email, user.email.toUpperCase()])
      expect(await adminJson<UserAnswer>(system, 'GET', `/users/${encodeURIComponent(id)}`)).toMatchObject({
        user: { sub: user.sub },
      })
    expect(await refusal(await adminCall(system, 'GET', '/users/nobody'))).toEqual({ status: 404, error: 'not_found' })
  })

  test('no two people share an address or a user name, in whatever spelling', async () => {
    const user = await create()
    for (const body of [
      { email: user.email.toUpperCase() },
      { email: `${name()}@example.com`, username: user.username.toUpperCase() },
    ])
      expect(await refusal(await adminCall(system, 'POST', '/users', { body }))).toEqual({
        status: 409,
        error: 'already_exists',
      })
    const body = { email: `${name()}@example.com` }
    const race = await Promise.all(Array.from({ length: 20 }, () => adminCall(system, 'POST', '/users', { body })))
    expect(race.filter(({ status }) => status === 201)).toHaveLength(1)
    const other = await create()
    const change = await adminCall(system, 'PATCH', `/users/${other.sub}`, { body: { email: user.email } })
    expect(await refusal(change)).toEqual({ status: 409, error: 'already_exists' })
  })

  test('refuses user names with @, addresses that are none, short passwords and unknown claims', async () => {
    for (const body of [
      { email: 'a@example.com', username: 'a@b' },
      { email: 'a@example.com', username: 'a b' },
      { email: 'nobody' },
      { email: 'a@b@example.com' },
      { email: 'a b@example.com' },
      { email: 'a@.example.com' },
      { email: 'a@example.com', password: 'short' },
      { email: 'a@example.com', password: 'x'.repeat(300) },
      { email: 'a@example.com', claims: { sub: 'me' } },
      { email: 'a@example.com', claims: { email_verified: true } },
      { email: 'a@example.com', claims: { name: 1 } },
      { email: 'a@example.com', claims: { address: { planet: 'Mars' } } },
      { username: 'nobody' },
      [],
    ])
      expect(await refusal(await adminCall(system, 'POST', '/users', { body })), JSON.stringify(body)).toEqual({
        status: 400,
        error: 'invalid_request',
      })
  })

  test('a change touches what is named; another address is not verified', async () => {
    const user = await create({ emailVerified: true, claims: { name: 'Ada', locale: 'en' } })
    const { user: changed } = await adminJson<UserAnswer>(system, 'PATCH', `/users/${user.sub}`, {
      email: `${name()}@example.com`,
      claims: { nickname: 'ada', locale: null },
    })
    expect(changed).toMatchObject({ emailVerified: false, username: user.username })
    expect(changed.claims).toEqual({ name: 'Ada', nickname: 'ada' })
    const { user: nameless } = await adminJson<UserAnswer>(system, 'PATCH', `/users/${user.sub}`, { username: null })
    expect(nameless.username).toBeNull()
  })

  test('parallel changes of different claims all stay, and none lets a disabled person in again', async () => {
    const user = await create()
    const claims = [{ name: 'Ada' }, { nickname: 'a' }, { locale: 'en' }, { gender: 'female' }]
    await Promise.all([
      ...claims.map((each) => adminJson(system, 'PATCH', `/users/${user.sub}`, { claims: each })),
      adminJson(system, 'POST', `/users/${user.sub}/disable`, {}),
    ])
    const { user: shown } = await adminJson<UserAnswer>(system, 'GET', `/users/${user.sub}`)
    expect(shown.claims).toEqual(Object.assign({}, ...claims))
    expect(shown.disabled).toBe(true)
  })

  test('attack R3: a new password ends sessions and refresh tokens', async () => {
    const user = await create()
    const tokens = await tokensOf(user)
    expect(await sessionsOf(user.sub)).toMatchObject([{ clients: [client.client_id] }])
    const wanted = 'another password entirely'
    const set = await adminCall(system, 'PUT', `/users/${user.sub}/password`, { body: { password: wanted } })
    expect(set.status).toBe(204)
    expect(await sessionsOf(user.sub)).toEqual([])
    expect(await refresh(tokens.refresh_token)).toBe(400)
    expect((await tokensOf({ ...user, password: wanted })).id_token).toBeTruthy()
    await expect(tokensOf(user)).rejects.toThrow()
  })

  test('attack R3: a disabled person is out at once and everywhere, until enabled', async () => {
    const user = await create()
    const tokens = await tokensOf(user)
    const { user: disabled } = await adminJson<UserAnswer>(system, 'POST', `/users/${user.sub}/disable`, {})
    expect(disabled.disabled).toBe(true)
    expect(await refresh(tokens.refresh_token)).toBe(400)
    const userinfo = await fetch(`${system.issuer}/userinfo`, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    })
    expect(userinfo.status).toBe(401)
    expect(await sessionsOf(user.sub)).toEqual([])
    await expect(tokensOf(user)).rejects.toThrow()
    await adminJson(system, 'POST', `/users/${user.sub}/enable`, {})
    expect((await tokensOf(user)).id_token).toBeTruthy()
  })

  test('sign-out says how many sessions and grants ended, and the next one finds none', async () => {
    const user = await create()
    const tokens = await tokensOf(user)
    await tokensOf(user)
    const path = `/users/${user.sub}/sign-out`
    expect(await adminJson(system, 'POST', path, {})).toEqual({ sessions: 2, grants: 2 })
    expect(await adminJson(system, 'POST', path, {})).toEqual({ sessions: 0, grants: 0 })
    expect(await refresh(tokens.refresh_token)).toBe(400)
  })

  test('a deleted person is gone with password and consents', async () => {
    const user = await create()
    const tokens = await tokensOf(user)
    expect((await adminCall(system, 'DELETE', `/users/${encodeURIComponent(user.email)}`)).status).toBe(204)
    expect((await adminCall(system, 'DELETE', `/users/${user.sub}`)).status).toBe(404)
    expect(await refresh(tokens.refresh_token)).toBe(400)
    const { db } = system
    for (const table of ['users', 'credentials', 'consents'])
      expect(await db.prepare(`SELECT count(*) AS n FROM ${table} WHERE sub = ?`).bind(user.sub).first('n')).toBe(0)
  })

  test('lists page by page and finds by part of a name', async () => {
    const mark = name()
    for (let i = 0; i < 5; i++) await create({ name: `${mark} ${i}`, password: undefined })
    const subs: string[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: { users: UserJson[]; nextCursor: string | null } = await adminJson(
        system,
        'GET',
        `/users?search=${mark}&limit=2${cursor && `&cursor=${cursor}`}`,
      )
      subs.push(...page.users.map(({ sub }) => sub))
      cursor = page.nextCursor
    }
    expect(new Set(subs).size).toBe(5)
    expect(subs).toHaveLength(5)
  })

  test('imports people with hashes from elsewhere, who sign in; skips who exists and what cannot be verified', async () => {
    const salt = randomBytes(16)
    const bare = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')
    const scrypted = scryptSync(password, salt, 32, { N: 2 ** 14, r: 8, p: 1 })
    const derived = pbkdf2Sync(password, salt, 50_000, 32, 'sha256')
    const django = pbkdf2Sync(password, 'salt', 90_000, 32, 'sha256')
    const hashes = [
      `$scrypt$ln=14,r=8,p=1$${bare(salt)}$${bare(scrypted)}`,
      `$pbkdf2-sha256$i=50000$${bare(salt)}$${bare(derived)}`,
      `pbkdf2_sha256$90000$salt$${django.toString('base64')}`,
    ]
    const people = hashes.map((passwordHash) => {
      const username = name()
      return { username, email: `${username}@example.com`, passwordHash }
    })
    const unverifiable = [
      `$2b$12$${'a'.repeat(53)}`,
      `pbkdf2_sha256$870000$salt$${django.toString('base64')}`,
      'plaintext',
    ].map((passwordHash) => ({ email: `${name()}@example.com`, passwordHash }))
    const users = [...people, { email: `${name()}@example.com` }, ...unverifiable, { email: 'nobody' }, people[0]]
    const answer = await adminJson<{ imported: number; skipped: { email: string; reason: string }[] }>(
      system,
      'POST',
      '/imports/users',
      { users },
    )
    expect(answer.imported).toBe(4)
    expect(answer.skipped.map(({ email }) => email)).toEqual([
      ...unverifiable.map(({ email }) => email),
      'nobody',
      people[0]?.email,
    ])
    for (const { username } of people) expect((await tokensOf({ username, password })).id_token).toBeTruthy()
    // The hash was made anew with our own parameters.
    const { db } = system
    const secret = await db
      .prepare('SELECT secret FROM credentials JOIN users USING (sub) WHERE username = ?')
      .bind(people[1]?.username)
      .first('secret')
    expect(secret).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$/)
    const again = await adminJson<{ imported: number }>(system, 'POST', '/imports/users', { users: people })
    expect(again.imported).toBe(0)
  })
})
