import type { Locator } from 'playwright-core'
import { encode } from 'uqr'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Demo, startDemo } from '../../cli/demo/server.ts'
import { freePort } from '../../cli/embedded-cloudflare/listener.ts'
import { deviceCodeGrant } from '../../shared/protocol/client.ts'
import { allow, heading, signIn } from '../support/person.ts'
import { openStage, type Stage } from '../support/stage.ts'

let stage: Stage
let demo: Demo

beforeAll(async () => {
  stage = await openStage()
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const client = await stage.client({
    client_name: 'Demo application',
    grant_types: ['authorization_code', 'refresh_token', deviceCodeGrant],
    redirect_uris: [`${url}/callback`],
    post_logout_redirect_uris: [`${url}/`],
  })
  demo = await startDemo({
    issuer: stage.system.issuer,
    clientId: client.client_id,
    clientSecret: client.secret,
    host: '127.0.0.1',
    port,
  })
})
afterEach(() => stage.tidy())
afterAll(async () => {
  await demo.close()
  await stage.close()
})

/** What a scanner sees of a picture: whether each of its modules is dark. */
async function darkModules(image: Locator): Promise<boolean[]> {
  return image.locator('svg').evaluate((svg: SVGSVGElement) => {
    const dark = svg.querySelector('path')
    const size = svg.viewBox.baseVal.width / 10
    if (!dark) return []
    const centre = (index: number) => new DOMPoint((index % size) * 10 + 5, Math.floor(index / size) * 10 + 5)
    return Array.from({ length: size * size }, (_, index) => dark.isPointInFill(centre(index)))
  })
}

describe('the demo application', () => {
  test.each([true, false])('signs in, shows, refreshes and signs out (JavaScript: %s)', async (javaScript) => {
    const [page, user] = await Promise.all([stage.newPage({ javaScript }), stage.system.user()])
    await page.goto(demo.url)
    await page.getByRole('link', { name: 'Sign in' }).click()
    await signIn(page, user)
    await allow(page)
    await page.waitForURL(`${demo.url}/`)
    expect(await heading(page)).toBe('You are signed in')
    const idToken = page.getByRole('region', { name: 'ID token' })
    await idToken.getByText(user.sub).waitFor()
    const accessToken = page.getByRole('region', { name: 'Access token' })
    const firstToken = await accessToken.locator('code').textContent()

    await page.getByRole('button', { name: 'Refresh' }).click()
    await page.getByText('The tokens were refreshed.').waitFor()
    expect(await accessToken.locator('code').textContent()).not.toBe(firstToken)

    await page.getByRole('button', { name: 'Call userinfo' }).click()
    await page.getByRole('region', { name: 'Userinfo' }).getByText('Europe/London').waitFor()

    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL(`${demo.url}/`)
    expect(await heading(page)).toBe('Demo application')
    await page.getByRole('link', { name: 'Sign in' }).click()
    expect(await heading(page)).toBe('Sign in')
  })

  test('signs in as a television would, with the telephone in another hand', async () => {
    const [page, telephone, user] = await Promise.all([stage.newPage(), stage.newPage(), stage.system.user()])
    await page.goto(demo.url)
    await page.getByRole('button', { name: 'Sign in as a television would' }).click()
    expect(await heading(page)).toBe('Sign in on another device')
    const address = await page.getByRole('link', { name: 'straight to the code' }).getAttribute('href')
    const image = page.getByRole('img', { name: 'QR code of the link straight to the code' })
    expect(await darkModules(image)).toEqual(encode(address ?? '', { ecc: 'M', border: 4 }).data.flat())
    await telephone.goto(address ?? '')
    await signIn(telephone, user)
    await allow(telephone)
    await page.getByText('The device is signed in.').waitFor({ timeout: 20_000 })
    await page.getByRole('region', { name: 'ID token' }).getByText(user.sub).waitFor()
  })

  test('shows the code of a television without scripts as well', async () => {
    const [page, telephone, user] = await Promise.all([
      stage.newPage({ javaScript: false }),
      stage.newPage(),
      stage.system.user(),
    ])
    await page.goto(demo.url)
    await page.getByRole('button', { name: 'Sign in as a television would' }).click()
    const address = await page.getByRole('link', { name: 'straight to the code' }).getAttribute('href')
    await telephone.goto(address ?? '')
    await signIn(telephone, user)
    await telephone.getByRole('button', { name: 'Deny' }).click()
    await telephone.getByRole('heading', { level: 1 }).waitFor()
    await expect
      .poll(
        async () => {
          await page.getByRole('link', { name: 'Look again' }).click()
          return page.getByText('access_denied').count()
        },
        { timeout: 20_000, interval: 1000 },
      )
      .toBe(1)
  })

  test('says what the provider answered to a person who declines', async () => {
    const [page, user] = await Promise.all([stage.newPage(), stage.system.user()])
    await page.goto(`${demo.url}/signin`)
    await signIn(page, user)
    await page.getByRole('button', { name: 'Deny' }).click()
    await page.getByText('access_denied').waitFor()
    await page.getByRole('link', { name: 'Start again' }).click()
    expect(await heading(page)).toBe('Demo application')
  })
})
