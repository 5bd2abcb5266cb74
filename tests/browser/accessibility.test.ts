import { mkdirSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Demo, startDemo } from '../../cli/demo/server.ts'
import { freePort } from '../../cli/embedded-cloudflare/listener.ts'
import { deviceCodeGrant } from '../../shared/protocol/client.ts'
import { axe, renderingRules } from '../support/browser.ts'
import { allow, signIn } from '../support/person.ts'
import { openStage, type Stage } from '../support/stage.ts'
import type { TestClient, TestUser } from '../support/system.ts'

let stage: Stage
let demo: Demo
let client: TestClient

beforeAll(async () => {
  stage = await openStage()
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  client = await stage.client({
    client_name: 'Looking Glass Notes',
    grant_types: ['authorization_code', 'refresh_token', deviceCodeGrant],
    redirect_uris: [`${url}/callback`, `${stage.site.origin}/callback`],
    post_logout_redirect_uris: [`${url}/`],
    policy_uri: `${stage.site.origin}/privacy`,
    tos_uri: `${stage.site.origin}/terms`,
    client_uri: stage.site.origin,
  })
  const { client_id: clientId, secret: clientSecret } = client
  demo = await startDemo({ issuer: stage.system.issuer, clientId, clientSecret, host: '127.0.0.1', port })
})
afterEach(() => stage.tidy())
afterAll(async () => {
  await demo.close()
  await stage.close()
})

/** Where a person who wants to see the pages finds them: `SCREENSHOTS=/tmp/pages vitest …`. */
const screenshots = process.env['SCREENSHOTS']
if (screenshots) mkdirSync(screenshots, { recursive: true })

/** Each real page in the order in which a person meets it; `look` sees it when it is there. */
async function visitEverything(
  page: Page,
  [user, other]: [TestUser, TestUser],
  look: (name: string) => Promise<void>,
): Promise<void> {
  const { issuer } = stage.system
  const there = async (name: string, heading: string | RegExp) => {
    await page.getByRole('heading', { name: heading, level: 1 }).waitFor()
    await look(name)
  }
  await page.goto(demo.url)
  await there('demo-welcome', 'Demo application')
  await page.goto(`${demo.url}/callback`)
  await there('demo-error', 'That did not work')
  await page.goto(demo.url)
  await page.getByRole('button', { name: 'Sign in as a television would' }).click()
  await there('demo-device', 'Sign in on another device')

  await page.goto(`${demo.url}/signin`)
  await there('sign-in', 'Sign in')
  await signIn(page, { username: user.username, password: 'not my password' })
  await page.getByText('That name and password do not match.').waitFor()
  await there('sign-in-wrong', 'Sign in')
  await page.locator('form').evaluate((form: HTMLFormElement) => (form.noValidate = true))
  await signIn(page, { username: '', password: '' })
  await page.getByText('Fill in both fields').waitFor()
  await there('sign-in-missing', 'Sign in')
  await signIn(page, user)
  await there('consent', /would like to/)
  await allow(page)
  await there('demo-tokens', 'You are signed in')
  await page.getByRole('button', { name: 'Call userinfo' }).click()
  await page.getByRole('region', { name: 'Userinfo' }).waitFor()
  await there('demo-userinfo', 'You are signed in')

  const { redirect_uris: redirectUris } = client
  const more = { redirect_uri: redirectUris[1] ?? '' }
  await page.goto(stage.request(client, { ...more, prompt: 'login' }))
  await there('sign-in-again', 'Confirm that it is you')
  await page.goto(stage.request(client, { ...more, prompt: 'select_account' }))
  await page.getByRole('button', { name: 'Use another account' }).click()
  await there('sign-in-another', 'Sign in')
  await signIn(page, other)
  await page.getByRole('button', { name: 'Allow' }).waitFor()
  await page.goto(stage.request(client, { ...more, prompt: 'select_account' }))
  await there('select-account', 'Choose an account')
  await page.getByRole('button', { name: user.email }).click()
  await page.waitForURL(`${stage.site.origin}/**`)
  await page.goto(stage.request(client, { ...more, scope: 'openid profile email api.read', prompt: 'consent' }))
  await there('consent-more', /would like to/)

  await page.goto(`${issuer}/account`)
  await there('account', 'Your account')
  await page.getByRole('link', { name: 'Change password' }).click()
  await there('change-password', 'Change your password')
  await page.getByLabel('Current password', { exact: true }).fill('not my password')
  await page.getByLabel('New password', { exact: true }).fill('password')
  await page.getByRole('button', { name: 'Change password' }).click()
  await page.getByText('The password was not changed.').waitFor()
  await there('change-password-refused', 'Change your password')

  await page.goto(`${issuer}/logout?client_id=${client.client_id}`)
  await there('sign-out', 'Sign out?')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await there('signed-out', 'You are signed out')

  await page.goto(stage.request({ ...client, client_id: 'nobody' }))
  await there('error-client', 'Unknown application')
  await page.goto(stage.request(client, { redirect_uri: `${stage.site.origin}/elsewhere` }))
  await there('error-redirect', 'Return address not registered')
  await page.goto(`${issuer}/signin?interaction=made-up`)
  await there('error-expired', 'This took too long')
  await page.goto(`${issuer}/account/nowhere`)
  await there('error-not-found', 'Page not found')
}

describe('every real page', () => {
  test('has no axe violation in light and dark, and fits on 320 px', async () => {
    const people = await Promise.all([stage.system.user(), stage.system.user({ claims: { name: 'Grace Hopper' } })])
    const page = await stage.newPage({ context: { reducedMotion: 'reduce' } })
    const found: unknown[] = []
    const seen = async (name: string, rules?: readonly string[]) => {
      if (screenshots) await page.screenshot({ path: `${screenshots}/${name}.png`, fullPage: true })
      for (const violation of await axe(page, rules)) found.push({ page: name, ...violation })
    }
    await visitEverything(page, people, async (name) => {
      await seen(`${name}-light`)
      await page.emulateMedia({ colorScheme: 'dark' })
      await page.setViewportSize({ width: 320, height: 800 })
      // What a scheme and a width can change.
      await seen(`${name}-dark`, renderingRules)
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      if (wider > 0) found.push({ page: name, wider })
      await page.emulateMedia({ colorScheme: 'light' })
      await page.setViewportSize({ width: 1280, height: 800 })
    })
    expect(found).toEqual([])
  }, 60_000)
})
