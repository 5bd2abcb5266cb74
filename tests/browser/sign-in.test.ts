import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { tokenRequest, claimsOf } from '../support/oauth.ts'
import { allow, arrival, goThrough, heading, signIn } from '../support/person.ts'
import { openStage, type Stage } from '../support/stage.ts'
import type { TestClient } from '../support/system.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterEach(() => stage.tidy())
afterAll(() => stage.close())

async function scene(options: { javaScript?: boolean } = {}) {
  const [client, user, page] = await Promise.all([stage.client(), stage.system.user(), stage.newPage(options)])
  return { client, user, page }
}

/** The claims of the ID token that a callback's code gives. */
async function claimsFor(client: TestClient, callback: URL): Promise<Record<string, unknown>> {
  const response = await tokenRequest(stage.system, client, {
    grant_type: 'authorization_code',
    code: callback.searchParams.get('code') ?? '',
    redirect_uri: client.redirectUri,
  })
  const { id_token: idToken }: { id_token: string } = await response.json()
  return claimsOf(idToken)
}

function focused(page: Page): Promise<string> {
  return page.evaluate(() => document.activeElement?.textContent || document.activeElement?.id || '')
}

describe('signing in', () => {
  test('works by keyboard alone, consent included', async () => {
    const { client, user, page } = await scene()
    await page.goto(stage.request(client))
    await page.locator('#identifier:focus').waitFor()
    await page.keyboard.type(user.username)
    await page.keyboard.press('Tab')
    await page.keyboard.type(user.password)
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Allow' }).waitFor()
    const order: string[] = []
    while (order.at(-1) !== 'Allow' && order.length < 10) {
      await page.keyboard.press('Tab')
      order.push(await focused(page))
    }
    expect(order).toEqual(['Not you?', 'Deny', 'Allow'])
    await page.keyboard.press('Space')
    expect((await arrival(page)).searchParams.get('code')).toBeTruthy()
  })

  test('works with JavaScript off', async () => {
    const { client, user, page } = await scene({ javaScript: false })
    const callback = await goThrough(page, stage.request(client), user)
    expect(callback.searchParams.get('state')).toBe('the-state')
    expect(await claimsFor(client, callback)).toMatchObject({ sub: user.sub })
  })

  test('a wrong password keeps the name, takes the focus to what went wrong, and the right one goes on', async () => {
    const { client, user, page } = await scene()
    await page.goto(stage.request(client))
    await signIn(page, { username: user.username, password: 'not my password' })
    await page.getByText('That name and password do not match.').waitFor()
    expect(await page.title()).toMatch(/^Error: Sign in/)
    expect(await focused(page)).toBe('That name and password do not match.')
    expect(await page.getByLabel('Email or user name').inputValue()).toBe(user.username)
    expect(await page.getByLabel('Password', { exact: true }).inputValue()).toBe('')
    await signIn(page, user)
    await allow(page)
    expect((await arrival(page)).searchParams.get('code')).toBeTruthy()
  })

  test('takes the email as well as the user name, in any case', async () => {
    const { client, user, page } = await scene()
    await page.goto(stage.request(client))
    await signIn(page, { username: user.email.toUpperCase(), password: user.password })
    await allow(page)
    await arrival(page)
  })

  test('B-14 shows the name that the client hints at', async () => {
    const { client, user, page } = await scene()
    await page.goto(stage.request(client, { login_hint: user.email }))
    expect(await page.getByLabel('Email or user name').inputValue()).toBe(user.email)
    await page.locator('#password:focus').waitFor()
  })

  test('giving up tells the client, and nobody is signed in', async () => {
    const { client, page } = await scene()
    await page.goto(stage.request(client))
    await page.getByRole('button', { name: 'Cancel' }).click()
    const callback = await arrival(page)
    expect(Object.fromEntries(callback.searchParams)).toMatchObject({ error: 'access_denied', state: 'the-state' })
    await page.goto(stage.request(client, { prompt: 'none' }))
    expect((await arrival(page)).searchParams.get('error')).toBe('login_required')
  })

  test('AUT-15 attack L10 the cookies are for this host, HttpOnly, Secure and Lax', async () => {
    const { client, user, page } = await scene()
    await goThrough(page, stage.request(client), user)
    const cookies = await page.context().cookies(stage.system.issuer)
    expect(cookies.map(({ name }) => name).toSorted()).toEqual([
      '__Host-authrim-browser',
      '__Host-authrim-device',
      '__Host-authrim-session',
    ])
    const alike = { domain: 'localhost', path: '/', httpOnly: true, secure: true, sameSite: 'Lax' }
    for (const cookie of cookies) expect(cookie).toMatchObject(alike)
    // The session ends with the browser.
    expect(cookies.find(({ name }) => name.endsWith('session'))?.expires).toBe(-1)
    expect(await page.evaluate(() => document.cookie)).toBe('')
  })

  test('the way back leads to the sign-in again, not to an error', async () => {
    const { client, user, page } = await scene()
    await page.goto(stage.request(client))
    await signIn(page, user)
    await page.getByRole('button', { name: 'Allow' }).waitFor()
    await page.goBack()
    await signIn(page, user)
    await allow(page)
    expect((await arrival(page)).searchParams.get('code')).toBeTruthy()
  })
})

describe('a person who is signed in', () => {
  test('B-09 goes straight back to the client, the second time', async () => {
    const { client, user, page } = await scene()
    await goThrough(page, stage.request(client), user)
    await page.goto(stage.request(client, { state: 'second' }))
    expect((await arrival(page)).searchParams.get('state')).toBe('second')
  })

  test('B-07 is asked for the password by prompt=login', async () => {
    const { client, user, page } = await scene()
    const first = await claimsFor(client, await goThrough(page, stage.request(client), user))
    await expect
      .poll(() => Math.floor(Date.now() / 1000), { timeout: 5000 })
      .toBeGreaterThan(Number(first['auth_time']))
    await page.goto(stage.request(client, { prompt: 'login' }))
    expect(await heading(page)).toBe('Confirm that it is you')
    await signIn(page, user)
    const second = await claimsFor(client, await arrival(page))
    expect(second['auth_time']).toBeGreaterThan(Number(first['auth_time']))
    expect(second['sid']).toBe(first['sid'])
  })

  test('chooses between two accounts, or takes another', async () => {
    const { client, user, page } = await scene()
    const other = await stage.system.user({ claims: { name: 'Grace Hopper' } })
    await goThrough(page, stage.request(client), user)
    await page.goto(stage.request(client, { prompt: 'select_account' }))
    await page.getByRole('button', { name: 'Use another account' }).click()
    expect(await heading(page)).toBe('Sign in')
    expect(await page.getByLabel('Email or user name').inputValue()).toBe('')
    await signIn(page, other)
    await allow(page)
    expect((await claimsFor(client, await arrival(page)))['sub']).toBe(other.sub)

    await page.goto(stage.request(client, { prompt: 'select_account' }))
    expect(await heading(page)).toBe('Choose an account')
    await page.getByRole('button', { name: user.email }).click()
    expect((await claimsFor(client, await arrival(page)))['sub']).toBe(user.sub)
    // What was chosen stays in use.
    await page.goto(stage.request(client))
    expect((await claimsFor(client, await arrival(page)))['sub']).toBe(user.sub)
  })

  test('"Not you?" on the consent page leads to another account', async () => {
    const { client, user, page } = await scene()
    const other = await stage.system.user({ claims: { name: 'Grace Hopper' } })
    await page.goto(stage.request(client))
    await signIn(page, user)
    await page.getByRole('button', { name: 'Not you?' }).click()
    await signIn(page, other)
    await page.getByText('Grace Hopper').waitFor()
    await allow(page)
    expect((await claimsFor(client, await arrival(page)))['sub']).toBe(other.sub)
  })
})
