import * as client from 'openid-client'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { axe, renderingRules } from '../support/browser.ts'
import { heading, signIn } from '../support/person.ts'
import { openStage, type Stage } from '../support/stage.ts'
import type { TestClient } from '../support/system.ts'
import { asked, backchannelClient, notificationToken } from './ciba-support.ts'
import { beginDevice, deviceClient } from './support.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterEach(() => stage.tidy())
afterAll(() => stage.close())

/** openid-client's configuration of a client, found by discovery. */
function configuration(of: TestClient, authentication = client.ClientSecretBasic(of.secret)) {
  const server = new URL(stage.system.issuer)
  return client.discovery(server, of.client_id, undefined, authentication, { execute: [client.allowInsecureRequests] })
}

describe('openid-client', () => {
  test('ASY-01 ASY-03 signs a device in: a person types its code, compares and allows', async () => {
    const [tv, user] = await Promise.all([
      deviceClient(stage.system, { token_endpoint_auth_method: 'none' }),
      stage.system.user(),
    ])
    const config = await configuration(tv, client.None())
    const device = await client.initiateDeviceAuthorization(config, { scope: 'openid email offline_access' })
    const tokens = client.pollDeviceAuthorizationGrant(config, device)

    const page = await stage.newPage()
    await page.goto(device.verification_uri)
    await page.getByLabel('Code').pressSequentially(device.user_code.toLowerCase())
    await page.getByRole('button', { name: 'Continue' }).click()
    await signIn(page, user)
    expect(await heading(page)).toContain('Connect')
    expect(await page.getByText(device.user_code).isVisible()).toBe(true)
    expect(await page.evaluate('document.activeElement.tagName')).toBe('BODY')
    await page.getByRole('button', { name: 'Allow' }).click()
    expect(await heading(page)).toBe('Your device is connected')

    const answer = await tokens
    expect(answer.claims()).toMatchObject({ sub: user.sub })
    expect(await client.fetchUserInfo(config, answer.access_token, user.sub)).toMatchObject({ email: user.email })
    const refreshed = await client.refreshTokenGrant(config, answer.refresh_token ?? '')
    expect(refreshed.claims()).toMatchObject({ sub: user.sub })
  })

  test('ASY-04 tells a device that the person denied', async () => {
    const [tv, user] = await Promise.all([deviceClient(stage.system), stage.system.user()])
    const config = await configuration(tv)
    const device = await client.initiateDeviceAuthorization(config, { scope: 'openid' })
    const tokens = client.pollDeviceAuthorizationGrant(config, device).catch((error: unknown) => error)
    const page = await stage.newPage({ javaScript: false })
    await page.goto(device.verification_uri_complete ?? '')
    await signIn(page, user)
    await page.getByRole('button', { name: 'Deny' }).click()
    expect(await heading(page)).toBe('Nothing was allowed')
    expect(await tokens).toMatchObject({ error: 'access_denied' })
  })

  test('C-12 asks by CIBA and polls, while the person watches requests arrive and approves', async () => {
    const [bank, user] = await Promise.all([backchannelClient(stage.system), stage.system.user()])
    const page = await stage.newPage()
    await page.goto(`${stage.system.issuer}/approvals`)
    await signIn(page, user)
    expect(await page.getByText('Nothing waits for you.').isVisible()).toBe(true)

    const config = await configuration(bank)
    const request = await client.initiateBackchannelAuthentication(config, {
      scope: 'openid email',
      login_hint: user.username,
      binding_message: 'Transfer 7',
    })
    const tokens = client.pollBackchannelAuthenticationGrant(config, request)
    // The page looks again by itself.
    await page.getByText('Transfer 7').waitFor()
    await page.getByRole('button', { name: 'Approve the request of Corner Bank' }).click()
    expect(await page.getByRole('status').textContent()).toBe('Approved.')
    expect((await tokens).claims()).toMatchObject({ sub: user.sub })
  })

  test('C-12 approves without JavaScript', async () => {
    const [bank, user] = await Promise.all([backchannelClient(stage.system), stage.system.user()])
    const config = await configuration(bank)
    const page = await stage.newPage({ javaScript: false })
    await page.goto(`${stage.system.issuer}/approvals`)
    await signIn(page, user)
    const request = await client.initiateBackchannelAuthentication(config, { scope: 'openid', login_hint: user.email })
    await page.getByRole('link', { name: 'Look again' }).click()
    await page.getByRole('button', { name: 'Approve the request of Corner Bank' }).click()
    const tokens = await client.pollBackchannelAuthenticationGrant(config, request)
    expect(tokens.claims()).toMatchObject({ sub: user.sub })
  })
})

test('axe finds nothing wrong with any page, in light and dark, wide and narrow', { timeout: 60_000 }, async () => {
  const { system } = stage
  const [tv, bank, user] = await Promise.all([
    deviceClient(system),
    backchannelClient(system, {
      backchannel_token_delivery_mode: 'ping',
      backchannel_client_notification_endpoint: `${stage.site.origin}/ping`,
    }),
    system.user(),
  ])
  const page = await stage.newPage({ context: { reducedMotion: 'reduce' } })
  const check = async () => {
    let rules: readonly string[] | undefined
    for (const colorScheme of ['light', 'dark'] as const)
      for (const width of [320, 1280]) {
        await page.emulateMedia({ colorScheme })
        await page.setViewportSize({ width, height: 900 })
        expect(await axe(page, rules)).toEqual([])
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
        rules = renderingRules
      }
  }
  await page.goto(`${system.issuer}/device`)
  await check()
  await page.getByLabel('Code').fill('BBBB-BBBB')
  await page.getByRole('button', { name: 'Continue' }).click()
  await check()
  const device = await beginDevice(system, tv)
  await page.goto(device.verification_uri_complete)
  await signIn(page, user)
  await check()
  await page.getByRole('button', { name: 'Allow' }).click()
  await check()
  await page.goto(`${system.issuer}/approvals`)
  await check()
  for (const binding_message of ['Transfer 7', 'Transfer 8'])
    await asked(system, bank, user, { binding_message, client_notification_token: notificationToken() })
  await page.goto(`${system.issuer}/approvals`)
  await check()
  await page.getByRole('button', { name: 'No more requests from Corner Bank' }).first().click()
  await check()
  await page.getByLabel('New code').fill('tulip42')
  await page.getByRole('button', { name: 'Set code' }).click()
  await check()
  await page.goto(`${system.issuer}/approvals/nothing-here`)
  await check()
  // What was refused on purpose is no complaint.
  stage.complaints.length = 0
})
