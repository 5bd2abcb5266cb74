import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Agent } from '../support/agent.ts'
import { bodyOf, expectError } from '../support/answers.ts'
import { Doubles, withDoubles } from '../support/doubles.ts'
import { everyShard } from '../support/durable-objects.ts'
import { basic, codeFor, signedInTokens, tokenRequest } from '../support/oauth.ts'
import { type System, type TestClient, type TestUser, startSystem } from '../support/system.ts'

const form = { 'content-type': 'application/x-www-form-urlencoded' }

describe('requests that misbehave', () => {
  let system: System
  let client: TestClient
  let user: TestUser
  let agent: Agent
  let doubles: Doubles
  beforeAll(async () => {
    system = await startSystem({ transform: withDoubles('op-token', 'op-discovery') })
    doubles = new Doubles(system.issuer, 'op-token')
    ;[client, user] = await Promise.all([system.client(), system.user()])
    agent = system.agent()
  })
  afterAll(() => system[Symbol.asyncDispose]())

  const endpoints = ['/token', '/userinfo', '/introspect', '/revoke', '/as/par'] as const

  /** What is answered to a body that comes bit by bit, and after how long; a byte each `interval`. */
  function exchange(path: string, length: number, body: string, interval = 60_000): Promise<[string, number]> {
    const { hostname, host, port } = new URL(system.issuer)
    const { authorization } = basic(client)
    const credentials = path === '/userinfo' ? [] : [`Authorization: ${authorization}`]
    const fields = [
      `Host: ${host}`,
      `Content-Type: ${form['content-type']}`,
      `Content-Length: ${length}`,
      ...credentials,
    ]
    return new Promise((resolve) => {
      const started = performance.now()
      const socket = connect(Number(port), hostname === 'localhost' ? '127.0.0.1' : hostname)
      const timer = setInterval(() => socket.write('a'), interval)
      let answer = ''
      socket.write(`POST ${path} HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n${body}`)
      socket.on('data', (chunk) => {
        answer += chunk.toString()
        clearInterval(timer)
        if (answer.includes('\r\n\r\n')) socket.destroy()
      })
      // Whoever is refused may be cut off while it still writes.
      socket.on('error', () => undefined)
      socket.on('close', () => resolve([answer, (performance.now() - started) / 1000]))
    })
  }

  test.each(endpoints)('fault F34 ten megabytes at %s are refused before they are read', async (path) => {
    const [answer, seconds] = await exchange(path, 10_485_760, 'a'.repeat(20_000))
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
    expect(seconds).toBeLessThan(3)
  })

  test('fault F34 ten megabytes whose length nobody announced are refused after 64 KiB', async () => {
    const chunk = new Uint8Array(65_536).fill(97)
    let sent = 0
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent++ < 160) controller.enqueue(chunk)
        else controller.close()
      },
    })
    const init = { method: 'POST', headers: { ...form, ...basic(client) }, body, duplex: 'half' } as const
    // The connection may end before all of it was sent.
    const response = await fetch(`${system.issuer}/token`, init).catch(() => undefined)
    if (response) await expectError(response, 413, 'payload_too_large')
  })

  test.each(endpoints)('fault F34 twenty thousand parameters at %s are refused', async (path) => {
    const started = performance.now()
    const response = await fetch(system.issuer + path, {
      method: 'POST',
      headers: { ...form, ...(path !== '/userinfo' && basic(client)) },
      body: 'a=&'.repeat(20_000),
    })
    await expectError(response, 400, 'invalid_request')
    expect(performance.now() - started).toBeLessThan(2000)
  })

  test('fault F35 a byte a second is answered 408 after ten seconds', async () => {
    const [answer, seconds] = await exchange('/token', 1000, '', 1000)
    expect(answer).toMatch(/^HTTP\/1\.1 408 /)
    expect(seconds).toBeGreaterThan(9)
    expect(seconds).toBeLessThan(12)
  }, 15_000)

  test('fault F36 a client that leaves before the claim still has a good code', async () => {
    const code = await codeFor(system, client, user, { scope: 'openid offline_access' }, agent)
    await doubles.fail({ AUTH_CODES: { fault: 'hang' } })
    await leave(code, 'AUTH_CODES.get')
    await doubles.fail({})
    expect(await doubles.calls()).not.toHaveProperty('GRANT_LEDGER.claim')
    expect((await redeem(code)).status).toBe(200)
  })

  test('fault F36 a client that leaves after the claim has no tokens, and asking again ends the grant', async () => {
    const code = await codeFor(system, client, user, { scope: 'openid offline_access' }, agent)
    await doubles.fail({ 'REFRESH_TOKENS.put': { fault: 'hang' } })
    await leave(code, 'REFRESH_TOKENS.put')
    await doubles.fail({})
    await expectError(await redeem(code), 400, 'invalid_grant')
    const id = createHash('sha256').update(code).digest().subarray(0, 16).toString('base64url')
    const rows = await Promise.all(
      (await everyShard(system, 'GRANT_LEDGER')).map((ledger) =>
        ledger.sql('SELECT id FROM grants WHERE id = ? AND revoked_at IS NOT NULL', id),
      ),
    )
    expect(rows.flat()).toEqual([{ id }])
  })

  test('fault F36 a client that leaves while it refreshes asks again and goes on', async () => {
    const tokens = await signedInTokens(system, client, user, { scope: 'openid offline_access' }, agent)
    const refresh = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token }
    const controller = new AbortController()
    const body = new URLSearchParams(refresh)
    const request = { method: 'POST', headers: basic(client), body, signal: controller.signal }
    const left = fetch(`${system.issuer}/token`, request).catch(() => undefined)
    setTimeout(() => controller.abort(), 3)
    await left
    const again = await tokenRequest(system, client, refresh)
    expect(again.status).toBe(200)
    const next = { ...refresh, refresh_token: String((await bodyOf(again))['refresh_token']) }
    expect((await tokenRequest(system, client, next)).status).toBe(200)
  })

  function redeem(code: string): Promise<Response> {
    return tokenRequest(system, client, { grant_type: 'authorization_code', code, redirect_uri: client.redirectUri })
  }

  /** Redeems a code and hangs up as soon as the Worker makes a call. */
  async function leave(code: string, call: string): Promise<void> {
    await doubles.calls()
    const body = new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: client.redirectUri })
    const controller = new AbortController()
    const request = { method: 'POST', headers: basic(client), body, signal: controller.signal }
    const outcome = fetch(`${system.issuer}/token`, request).then(
      () => 'answered',
      () => 'left',
    )
    await vi.waitFor(async () => expect(await doubles.calls()).toHaveProperty([call]), 5000)
    controller.abort()
    expect(await outcome).toBe('left')
  }
})
