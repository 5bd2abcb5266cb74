import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { claimsOf, signedInTokens, tokenRequest } from '../support/oauth.ts'
import { sharedSystem, type System } from '../support/system.ts'

describe('a code flow', () => {
  let system: System
  beforeAll(async () => {
    system = await sharedSystem()
  })
  afterAll(() => system[Symbol.asyncDispose]())

  test('B-01 a code flow gives an ID token, and an access token that userinfo accepts', async () => {
    const [client, user] = await Promise.all([system.client(), system.user()])
    const tokens = await signedInTokens(system, client, user)
    expect(claimsOf(tokens.id_token)).toMatchObject({ iss: system.issuer, sub: user.sub, nonce: 'the-nonce' })
    const userinfo = await fetch(`${system.issuer}/userinfo`, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    })
    expect(await userinfo.json()).toEqual({ sub: user.sub })
  })

  test('refreshing rotates the token', async () => {
    const [client, user] = await Promise.all([system.client(), system.user()])
    const tokens = await signedInTokens(system, client, user, { scope: 'openid offline_access' })
    const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token }
    const refreshed = await tokenRequest(system, client, form)
    expect(refreshed.status).toBe(200)
    expect(await refreshed.json()).toMatchObject({ refresh_token: expect.not.stringMatching(tokens.refresh_token) })
  })
})
