import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adminCall, adminJson } from '../management/support.ts'
import { claimsOf } from '../support/oauth.ts'
import { sharedSystem, startSystem, type System } from '../support/system.ts'
import { asked, backchannelClient, notificationToken, pollBackchannel } from './ciba-support.ts'
import { refusal, tokensOf } from './support.ts'

interface Waiting {
  readonly pendingRequests: {
    readonly id: string
    readonly client_id: string
    readonly binding_message: string | null
  }[]
}

describe('a support desk', () => {
  let system: System
  beforeAll(async () => {
    system = await startSystem({ variables: { SUPPORT_DECISIONS: 'on' } })
  })
  afterAll(() => system[Symbol.asyncDispose]())

  const waitingFor = (name: string) => adminJson<Waiting>(system, 'GET', `/pending-requests?user=${name}`)

  test('sees what waits for a person and approves it in their place, which is audited', async () => {
    const [client, user] = await Promise.all([backchannelClient(system), system.user()])
    const { auth_req_id } = await asked(system, client, user, { binding_message: 'Desk 4' })
    const { pendingRequests } = await waitingFor(user.username)
    expect(pendingRequests).toEqual([
      expect.objectContaining({ client_id: client.client_id, binding_message: 'Desk 4', scope: 'openid email' }),
    ])
    const path = `/pending-requests/${pendingRequests[0]?.id}`
    expect((await adminCall(system, 'POST', `${path}/approve`)).status).toBe(204)
    expect((await adminCall(system, 'POST', `${path}/deny`)).status).toBe(404)
    const { id_token } = await tokensOf(await pollBackchannel(system, client, auth_req_id))
    // Nobody signed in, and the token does not say so.
    expect(claimsOf(id_token)).toMatchObject({ sub: user.sub })
    expect(claimsOf(id_token)).not.toHaveProperty('auth_time')
    const { events } = await adminJson<{ events: { action: string; outcome: string; target: string }[] }>(
      system,
      'GET',
      '/audit?limit=20',
    )
    expect(events).toContainEqual(
      expect.objectContaining({ action: 'pending_requests.approve', outcome: 'done', target: pendingRequests[0]?.id }),
    )
  })

  test('denies, also what would be pushed; that only the person can approve', async () => {
    const [poll, push, user] = await Promise.all([
      backchannelClient(system),
      backchannelClient(system, {
        backchannel_token_delivery_mode: 'push',
        backchannel_client_notification_endpoint: 'http://127.0.0.1:9/push',
      }),
      system.user(),
    ])
    const { auth_req_id } = await asked(system, poll, user)
    await asked(system, push, user, { client_notification_token: notificationToken() })
    const { pendingRequests } = await waitingFor(user.email)
    const pathOf = (clientId: string) =>
      `/pending-requests/${pendingRequests.find(({ client_id }) => client_id === clientId)?.id}`
    expect(await refusal(await adminCall(system, 'POST', `${pathOf(push.client_id)}/approve`))).toMatchObject({
      error: 'invalid_request',
    })
    for (const { client_id } of [poll, push])
      expect((await adminCall(system, 'POST', `${pathOf(client_id)}/deny`)).status).toBe(204)
    expect(await refusal(await pollBackchannel(system, poll, auth_req_id))).toMatchObject({ error: 'access_denied' })
    expect((await waitingFor(user.email)).pendingRequests).toEqual([])
  })

  test('finds no request of a device, and nothing under a name that is none', async () => {
    for (const id of ['0.AAAAAAAAAAAAAAAAAAAAAA', 'zz.AAAAAAAAAAAAAAAAAAAAAA', 'nonsense'])
      expect((await adminCall(system, 'POST', `/pending-requests/${id}/approve`)).status).toBe(404)
  })

  test('is there only where the operator switched it on', async () => {
    const usual = await sharedSystem()
    try {
      const user = await usual.user()
      expect((await adminCall(usual, 'GET', `/pending-requests?user=${user.username}`)).status).toBe(404)
      expect((await adminCall(usual, 'POST', '/pending-requests/0.AAAAAAAAAAAAAAAAAAAAAA/deny')).status).toBe(404)
    } finally {
      await usual[Symbol.asyncDispose]()
    }
  })
})

describe('registering', () => {
  let system: System
  beforeAll(async () => {
    system = await startSystem({ variables: { REGISTRATION: 'open' } })
  })
  afterAll(() => system[Symbol.asyncDispose]())

  const ciba = { grant_types: ['urn:openid:params:grant-type:ciba'], client_name: 'Bank' }
  const create = (metadata: object) => adminCall(system, 'POST', '/clients', { body: metadata })

  test('ASY-11 a notified client needs an address that may be called', async () => {
    const invalid = { status: 400, error: 'invalid_client_metadata' }
    for (const more of [
      { backchannel_token_delivery_mode: 'ping' },
      { backchannel_token_delivery_mode: 'push', backchannel_client_notification_endpoint: 'https://10.0.0.1/cb' },
      { backchannel_token_delivery_mode: 'ping', backchannel_client_notification_endpoint: 'http://rp.example.com/cb' },
      { backchannel_token_delivery_mode: 'fax' },
      { backchannel_authentication_request_signing_alg: 'ES256' },
      { backchannel_authentication_request_signing_alg: 'none' },
      { token_endpoint_auth_method: 'none' },
    ])
      expect(await refusal(await create({ ...ciba, ...more }))).toEqual(invalid)
    const good = await create({
      ...ciba,
      backchannel_token_delivery_mode: 'ping',
      backchannel_client_notification_endpoint: 'https://rp.example.com/cb',
    })
    expect(good.status).toBe(201)
    expect(await (await create(ciba)).json()).toMatchObject({ client: { backchannel_token_delivery_mode: 'poll' } })
  })

  test('attack V7 a client that registers itself gets no leave to ask people', async () => {
    const response = await fetch(`${system.issuer}/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(ciba),
    })
    expect(await refusal(response)).toEqual({ status: 400, error: 'invalid_client_metadata' })
  })
})
