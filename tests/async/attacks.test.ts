import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withDoubles } from '../support/doubles.ts'
import { everyShard } from '../support/durable-objects.ts'
import { signedInTokens } from '../support/oauth.ts'
import { type System, startSystem } from '../support/system.ts'
import { askPerson, asked, backchannelClient, openApprovals, pollBackchannel, press, textOf } from './ciba-support.ts'
import {
  beginDevice,
  decideDevice,
  deviceClient,
  openDevice,
  pollDevice,
  postAs,
  refusal,
  signInOn,
  tokensOf,
} from './support.ts'

let system: System
beforeAll(async () => {
  system = await startSystem({ transform: withDoubles('op-discovery') })
})
afterAll(() => system[Symbol.asyncDispose]())

/** A form post of a code, as the page makes it. */
async function typeCode(agent: ReturnType<System['agent']>, code: string): Promise<Response> {
  return agent.submit(await (await agent.get('/device')).text(), { user_code: code }, '/device')
}

describe('guessing', () => {
  test('ASY-02 capitals, dashes and spaces are forgiven', async () => {
    const device = await beginDevice(system, await deviceClient(system))
    const bare = device.user_code.replace('-', '')
    for (const spelling of [bare.toLowerCase(), `${bare.slice(0, 4)} ${bare.slice(4)}`, ` ${device.user_code}. `]) {
      const answer = await typeCode(system.agent(), spelling)
      expect(answer.headers.get('location')).toBe(`/device?user_code=${device.user_code}`)
    }
  })

  test('ASY-02 attack V1 after five wrong codes a browser waits, even with the right one', async () => {
    const device = await beginDevice(system, await deviceClient(system))
    const agent = system.agent()
    for (let guess = 0; guess < 5; guess++) {
      const answer = await typeCode(agent, 'BBBB-BBBB')
      expect(answer.status).toBe(400)
      expect(textOf(await answer.text())).toContain('That code is not right.')
    }
    const locked = await typeCode(agent, device.user_code)
    expect(locked.status).toBe(429)
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(30)
    // Another browser, elsewhere, is not concerned.
    expect((await typeCode(system.agent(), device.user_code)).status).toBe(303)
  })

  test('ASY-02 attack V1 throwing the cookie away does not help: the address is counted as well', async () => {
    const device = await beginDevice(system, await deviceClient(system))
    const agent = system.agent()
    for (let guess = 0; guess < 20; guess++) {
      agent.cookies.clear()
      await typeCode(agent, 'BBBB-BBBB')
    }
    agent.cookies.clear()
    expect((await typeCode(agent, device.user_code)).status).toBe(429)
  })

  test('ASY-02 attack V1 a code of one’s own between the guesses buys no more of them', async () => {
    const own = await beginDevice(system, await deviceClient(system))
    const agent = system.agent()
    const statuses: number[] = []
    for (let guess = 0; guess < 6; guess++) {
      statuses.push((await typeCode(agent, 'BBBB-BBBB')).status)
      await typeCode(agent, own.user_code)
    }
    expect(statuses).toEqual([400, 400, 400, 400, 400, 429])
  })

  test('ASY-02 attack V1 right codes cost nothing, however many', async () => {
    const device = await beginDevice(system, await deviceClient(system))
    const agent = system.agent()
    for (let time = 0; time < 8; time++) expect((await typeCode(agent, device.user_code)).status).toBe(303)
  })

  test('ASY-02 attack V1 wrong codes of everybody slow everybody down, also at once', async () => {
    const now = Math.floor(Date.now() / 1000)
    const key = `code:everybody:${Math.floor(now / 3600)}`
    const shards = await everyShard(system, 'THROTTLE')
    for (const throttle of shards)
      await throttle.sql('INSERT OR REPLACE INTO attempts VALUES (?, 1003, ?, ?)', key, now + 2, now + 3600)
    const answers = await Promise.all(Array.from({ length: 5 }, () => typeCode(system.agent(), 'BBBB-BBBB')))
    for (const throttle of shards) await throttle.clear(key)
    expect(answers.map(({ status }) => status)).toEqual([429, 429, 429, 429, 429])
    expect((await typeCode(system.agent(), 'BBBB-BBBB')).status).toBe(400)
  })

  test('attack V1 a hundred guesses at once share the count', async () => {
    const agent = system.agent()
    const page = await (await agent.get('/device')).text()
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => agent.submit(page, { user_code: 'BBBB-BBBB' }, '/device')),
    )
    expect(answers.filter(({ status }) => status === 400).length).toBeLessThanOrEqual(5)
  })

  test('attack V1 addresses with a code in them are guesses, too', async () => {
    const agent = system.agent()
    await openDevice(agent, 'BBBB-BBBB', await system.user())
    const statuses: number[] = []
    for (let guess = 0; guess < 6; guess++) statuses.push((await agent.get('/device?user_code=BBBB-BBBB')).status)
    expect(statuses.at(-1)).toBe(429)
  })
})

describe('phishing', () => {
  test('attack V2 nothing is allowed without the form of our own page', async () => {
    const [client, user] = await Promise.all([deviceClient(system), system.user()])
    const device = await beginDevice(system, client)
    const agent = system.agent()
    await openDevice(agent, device.user_code, user)
    const forged = await agent.post('/device', { user_code: device.user_code, action: 'allow', csrf: 'guess' })
    expect(forged.status).toBe(403)
    expect(await refusal(await pollDevice(system, client, device.device_code))).toMatchObject({
      error: 'authorization_pending',
    })
  })

  test('attack V2 the page says who asks, when and from where, and warns', async () => {
    const client = await deviceClient(system, { client_name: '<b>TV</b>' })
    const device = await postAs(system, client, '/device_authorization', { scope: 'openid email' })
    const { user_code }: { user_code: string } = await device.json()
    const page = await openDevice(system.agent(), user_code, await system.user())
    expect(page).toContain('&lt;b&gt;TV&lt;/b&gt;')
    expect(textOf(page)).toMatch(/Asked \w+ \d+, \d{4}.* From /)
    expect(textOf(page)).toContain('deny it: they would get into your account')
  })

  test('attack X1 markup in the code of an address is text', async () => {
    const page = await (await system.agent().get('/device?user_code="><script>alert(1)</script>')).text()
    expect(page).not.toContain('<script>')
  })

  test('attack O15 no page can be framed, kept, or run what it did not bring', async () => {
    const response = await system.agent().get('/device')
    expect(response.headers.get('content-security-policy')).toBe(
      "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; " +
        "frame-ancestors 'none'; base-uri 'none'",
    )
    expect(response.headers.get('x-frame-options')).toBe('DENY')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('referrer-policy')).toBe('no-referrer')
    const agent = system.agent()
    const approvals = await signInOn(agent, await agent.get('/approvals'), await system.user())
    expect(approvals.headers.get('content-security-policy')).toContain("; connect-src 'self'")
  })

  test('sign-in returns to pages of ours and nowhere else', async () => {
    const agent = system.agent()
    for (const address of [
      'https://evil.example',
      '//evil.example',
      '/account',
      '/device?next=x',
      '/approvals/../logout',
    ])
      expect((await agent.get(`/signin?${new URLSearchParams({ return_to: address })}`)).status).toBe(400)
    const good = await agent.get('/signin?return_to=%2Fdevice%3Fuser_code%3DWDJB-MJHT')
    expect(good.headers.get('location')).toMatch(/^\/signin\?interaction=/)
  })
})

describe('device codes', () => {
  test('ASY-05 attack V4 a device code works once, for its client', async () => {
    const [client, other, user] = await Promise.all([deviceClient(system), deviceClient(system), system.user()])
    const device = await beginDevice(system, client)
    await decideDevice(system, device.user_code, user, 'allow')
    const wrong = { status: 400, error: 'invalid_grant' }
    expect(await refusal(await pollDevice(system, other, device.device_code))).toEqual(wrong)
    const tokens = await tokensOf(await pollDevice(system, client, device.device_code))
    expect(await refusal(await pollDevice(system, client, device.device_code))).toEqual(wrong)
    const userinfo = await fetch(`${system.issuer}/userinfo`, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    })
    expect(userinfo.status).toBe(200)
  })

  test('fault F32 attack V4 a hundred polls after an approval bring one set of tokens, which works', async () => {
    const [client, user] = await Promise.all([deviceClient(system), system.user()])
    const device = await beginDevice(system, client)
    await decideDevice(system, device.user_code, user, 'allow')
    const answers = await Promise.all(Array.from({ length: 100 }, () => pollDevice(system, client, device.device_code)))
    const won = answers.filter(({ status }) => status === 200)
    expect(won).toHaveLength(1)
    const { access_token } = await tokensOf(won[0] ?? Response.error())
    const userinfo = await fetch(`${system.issuer}/userinfo`, { headers: { authorization: `Bearer ${access_token}` } })
    expect(userinfo.status).toBe(200)
  })

  test('ASY-04 a denied device is told so', async () => {
    const [client, user] = await Promise.all([deviceClient(system), system.user()])
    const device = await beginDevice(system, client)
    const done = await decideDevice(system, device.user_code, user, 'deny')
    expect(textOf(await done.text())).toContain('Nothing was allowed')
    expect(await refusal(await pollDevice(system, client, device.device_code))).toEqual({
      status: 400,
      error: 'access_denied',
    })
    // The code is spent.
    const again = await typeCode(system.agent(), device.user_code)
    expect(again.status).toBe(400)
  })

  test('a resource is granted to the device, and no other is', async () => {
    const resource = 'https://api.example'
    const [client, user] = await Promise.all([deviceClient(system, { resource_indicators: [resource] }), system.user()])
    const foreign = await postAs(system, client, '/device_authorization', { resource: 'https://other.example' })
    expect(await refusal(foreign)).toEqual({ status: 400, error: 'invalid_target' })
    const device = await beginDevice(system, client, { scope: 'openid', resource })
    await decideDevice(system, device.user_code, user, 'allow')
    const tokens = await tokensOf(await pollDevice(system, client, device.device_code))
    const claims = JSON.parse(Buffer.from(tokens.access_token.split('.')[1] ?? '', 'base64url').toString())
    expect(claims).toMatchObject({ aud: resource })
  })
})

describe('people who are locked out', () => {
  const lock = async (sub: string) => system.db.prepare('UPDATE users SET disabled = 1 WHERE sub = ?').bind(sub).run()

  test('attack V5 a device gets no tokens of a person who was locked after allowing it', async () => {
    const [client, user] = await Promise.all([deviceClient(system), system.user()])
    const device = await beginDevice(system, client)
    await decideDevice(system, device.user_code, user, 'allow')
    await lock(user.sub)
    expect(await refusal(await pollDevice(system, client, device.device_code))).toEqual({
      status: 400,
      error: 'access_denied',
    })
  })

  test('attack V6 a locked person is asked nothing, and what they approved before gives nothing', async () => {
    const [client, user] = await Promise.all([backchannelClient(system), system.user()])
    const { auth_req_id } = await asked(system, client, user)
    const agent = system.agent()
    await press(agent, await openApprovals(agent, user), 'approve')
    await lock(user.sub)
    expect(await refusal(await pollBackchannel(system, client, auth_req_id))).toEqual({
      status: 400,
      error: 'access_denied',
    })
    expect(await refusal(await askPerson(system, client, { login_hint: user.username }))).toEqual({
      status: 403,
      error: 'access_denied',
    })
  })

  test('attack V6 a locked person who is still signed in approves nothing', async () => {
    const [client, user] = await Promise.all([backchannelClient(system), system.user()])
    const { auth_req_id } = await asked(system, client, user)
    const agent = system.agent()
    const page = await openApprovals(agent, user)
    await lock(user.sub)
    expect((await press(agent, page, 'approve')).headers.get('location')).toContain('/signin')
    expect(await refusal(await pollBackchannel(system, client, auth_req_id))).toMatchObject({
      error: 'authorization_pending',
    })
  })
})

describe('flooding', () => {
  test('attack V7 prompts of a client to one person are few, whatever is answered', async () => {
    const [client, user] = await Promise.all([backchannelClient(system), system.user()])
    const agent = system.agent()
    await openApprovals(agent, user)
    const statuses: number[] = []
    for (let prompt = 0; prompt < 7; prompt++) {
      statuses.push((await askPerson(system, client, { login_hint: user.username })).status)
      const page = await (await agent.get('/approvals')).text()
      if (page.includes('name="request"')) await press(agent, page, 'deny')
    }
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429])
    const other = await system.user()
    expect((await askPerson(system, client, { login_hint: other.username })).status).toBe(200)
  })

  test('attack V7 a person stops a client, which ends what waits, and lets it ask again', async () => {
    const [client, user] = await Promise.all([backchannelClient(system), system.user()])
    const { auth_req_id } = await asked(system, client, user)
    const agent = system.agent()
    const stopped = await agent.follow(await press(agent, await openApprovals(agent, user), 'stop'))
    const page = await stopped.text()
    expect(textOf(page)).toContain('Applications that may not ask you')
    expect(await refusal(await pollBackchannel(system, client, auth_req_id))).toMatchObject({ error: 'access_denied' })
    expect(await refusal(await askPerson(system, client, { login_hint: user.username }))).toEqual({
      status: 403,
      error: 'access_denied',
    })
    await agent.submit(page, { action: 'resume' }, '/approvals')
    expect((await askPerson(system, client, { login_hint: user.username })).status).toBe(200)
  })

  test('attack L7 a client that asks for strangers is soon refused unheard, also for people who are here', async () => {
    const [client, user] = await Promise.all([backchannelClient(system), system.user()])
    const answers: unknown[] = []
    for (let guess = 0; guess < 12; guess++)
      answers.push((await refusal(await askPerson(system, client, { login_hint: `guess-${guess}` }))).error)
    expect(answers.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 'unknown_user_id'))
    expect(answers.at(-1)).toBe('too_many_requests')
    expect((await askPerson(system, client, { login_hint: user.username })).status).toBe(429)
  })

  test('attack L7 sixty guesses at once learn no more than ten that come one by one', async () => {
    const [client, ...people] = await Promise.all([
      backchannelClient(system),
      ...Array.from({ length: 10 }, () => system.user()),
    ])
    const guesses = Array.from({ length: 50 }, (_, guess) => `guess-${guess}`)
    const answers = await Promise.all(
      [...guesses, ...people.map(({ username }) => username)].map((login_hint) =>
        askPerson(system, client, { login_hint }),
      ),
    )
    const outcomes = await Promise.all(
      answers.map(async (answer) => (answer.status === 200 ? 'here' : (await refusal(answer)).error)),
    )
    expect(outcomes.filter((outcome) => outcome !== 'too_many_requests').length).toBeLessThanOrEqual(10)
    expect(outcomes.filter((outcome) => outcome === 'unknown_user_id').length).toBeGreaterThan(0)
  })

  test('attack L7 a client that asks for people who are here is not slowed down, ten at once', async () => {
    const [client, ...people] = await Promise.all([
      backchannelClient(system),
      ...Array.from({ length: 10 }, () => system.user()),
    ])
    const ask = ({ username }: { username: string }) => askPerson(system, client, { login_hint: username })
    for (let round = 0; round < 3; round++) {
      const answers = await Promise.all(people.map(ask))
      expect(answers.map(({ status }) => status)).toEqual(people.map(() => 200))
    }
  })

  test('attack P5 an address asks for thirty device codes a minute', async () => {
    const limited = await startSystem({ unlimited: false })
    try {
      const client = await deviceClient(limited)
      // At once, so that they fall into one minute, or into two at most.
      const answers = await Promise.all(
        Array.from({ length: 80 }, () => postAs(limited, client, '/device_authorization', {})),
      )
      const kept = answers.filter(({ status }) => status === 200).length
      expect(kept).toBeGreaterThanOrEqual(30)
      expect(kept).toBeLessThanOrEqual(60)
      expect(answers.filter(({ status }) => status === 429)).toHaveLength(80 - kept)
    } finally {
      await limited[Symbol.asyncDispose]()
    }
  })
})

test('revoked consent ends what a device was granted', async () => {
  const [client, user] = await Promise.all([deviceClient(system), system.user()])
  const device = await beginDevice(system, client)
  const agent = system.agent()
  await decideDevice(system, device.user_code, user, 'allow', agent)
  const tokens = await tokensOf(await pollDevice(system, client, device.device_code))
  const account = await (await agent.get('/account')).text()
  expect(textOf(account)).toContain('Living Room TV')
  await agent.submit(account, { client_id: client.client_id }, '/account/consents/revoke')
  const userinfo = await fetch(`${system.issuer}/userinfo`, {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  })
  expect(userinfo.status).toBe(401)
})

test('signing out of the browser does not sign the device out', async () => {
  const [client, user, web] = await Promise.all([deviceClient(system), system.user(), system.client()])
  const agent = system.agent()
  const device = await beginDevice(system, client)
  await decideDevice(system, device.user_code, user, 'allow', agent)
  const tokens = await tokensOf(await pollDevice(system, client, device.device_code))
  const { id_token } = await signedInTokens(system, web, user, {}, agent)
  await agent.get(`/logout?${new URLSearchParams({ id_token_hint: id_token })}`)
  const userinfo = await fetch(`${system.issuer}/userinfo`, {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  })
  expect(userinfo.status).toBe(200)
})
