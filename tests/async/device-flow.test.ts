import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { claimsOf, tokenRequest } from '../support/oauth.ts'
import { sharedSystem, type System } from '../support/system.ts'
import {
  beginDevice,
  decideDevice,
  deviceClient,
  openDevice,
  pollDevice,
  postAs,
  refusal,
  tokensOf,
} from './support.ts'

describe('the device flow', () => {
  let system: System
  beforeAll(async () => {
    system = await sharedSystem()
  })
  afterAll(() => system[Symbol.asyncDispose]())

  test('ASY-01 a device gets a code to poll with and one for the person', async () => {
    const client = await deviceClient(system)
    const response = await postAs(system, client, '/device_authorization', { scope: 'openid' })
    expect(response.headers.get('cache-control')).toBe('no-store')
    const answer: Record<string, unknown> = await response.json()
    expect(answer).toEqual({
      device_code: expect.stringMatching(/^[\w-]{60}$/),
      user_code: expect.stringMatching(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/),
      verification_uri: `${system.issuer}/device`,
      verification_uri_complete: `${system.issuer}/device?user_code=${String(answer['user_code'])}`,
      expires_in: 600,
      interval: 5,
    })
  })

  test('ASY-01 clients authenticate as at the token endpoint, and need the grant type', async () => {
    const [client, publicClient, other] = await Promise.all([
      deviceClient(system),
      deviceClient(system, { token_endpoint_auth_method: 'none' }),
      system.client(),
    ])
    const wrong = { ...client, secret: 'wrong' }
    expect(await refusal(await postAs(system, wrong, '/device_authorization', {}))).toEqual({
      status: 401,
      error: 'invalid_client',
    })
    expect((await postAs(system, publicClient, '/device_authorization', {})).status).toBe(200)
    expect(await refusal(await postAs(system, other, '/device_authorization', {}))).toEqual({
      status: 400,
      error: 'unauthorized_client',
    })
  })

  test('ASY-03 attack V2 the address with the code asks for a sign-in and then for a decision', async () => {
    const [client, user] = await Promise.all([deviceClient(system), system.user()])
    const device = await beginDevice(system, client)
    const agent = system.agent()
    const anonymous = await agent.get(device.verification_uri_complete)
    expect(anonymous.headers.get('location')).toContain('/signin?return_to=%2Fdevice')
    const page = await openDevice(agent, device.user_code, user)
    expect(page).toContain('Living Room TV')
    expect(page).toContain(device.user_code)
    expect(page).toContain('If somebody sent you this link or this code, deny it')
    expect(page).not.toMatch(/<button[^>]*value="allow"[^>]*autofocus/)
    // Neither arriving nor reloading approves anything.
    expect((await agent.get(device.verification_uri_complete)).status).toBe(200)
    expect(await refusal(await pollDevice(system, client, device.device_code))).toMatchObject({
      error: 'authorization_pending',
    })
  })

  test('ASY-04 a person allows, and the device gets tokens that userinfo and refresh accept', async () => {
    const [client, user] = await Promise.all([deviceClient(system), system.user()])
    const device = await beginDevice(system, client)
    expect(await refusal(await pollDevice(system, client, device.device_code))).toEqual({
      status: 400,
      error: 'authorization_pending',
    })
    const done = await decideDevice(system, device.user_code, user, 'allow')
    expect(await done.text()).toContain('Your device is connected')
    const tokens = await tokensOf(await pollDevice(system, client, device.device_code))
    expect(claimsOf(tokens.id_token)).toMatchObject({ sub: user.sub, aud: client.client_id, amr: ['pwd'] })
    const userinfo = await fetch(`${system.issuer}/userinfo`, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    })
    expect(await userinfo.json()).toMatchObject({ sub: user.sub, email: user.email })
    const refreshed = await tokenRequest(system, client, {
      grant_type: 'refresh_token',
      refresh_token: tokens.refresh_token,
    })
    expect(refreshed.status).toBe(200)
  })
})
