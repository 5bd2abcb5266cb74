import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { signedInTokens, tokenRequest, type Tokens } from '../support/oauth.ts'
import { arrival, goThrough, heading, signIn } from '../support/person.ts'
import { openStage, type Stage } from '../support/stage.ts'
import type { TestClient, TestUser } from '../support/system.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterEach(() => stage.tidy())
afterAll(() => stage.close())

/** Opens the account page in a browser of its own, and signs in there. */
async function accountOf(user: TestUser): Promise<Page> {
  const page = await stage.newPage()
  await page.goto(`${stage.system.issuer}/account`)
  await signIn(page, user)
  await page.getByRole('heading', { name: 'Your account' }).waitFor()
  return page
}

/** Whether the account page still belongs to somebody in this browser. */
async function isSignedIn(page: Page): Promise<boolean> {
  await page.goto(`${stage.system.issuer}/account`)
  return (await heading(page)) === 'Your account'
}

function refresh(client: TestClient, { refresh_token }: Tokens): Promise<Response> {
  return tokenRequest(stage.system, client, { grant_type: 'refresh_token', refresh_token })
}

const offline = { scope: 'openid offline_access' }

describe('the account page', () => {
  test('says where the person is signed in, what for, and what happened', async () => {
    const [client, user] = await Promise.all([stage.client({ client_name: 'Notes' }), stage.system.user()])
    const page = await stage.newPage()
    await goThrough(page, stage.request(client), user)
    expect(await isSignedIn(page)).toBe(true)
    await page.getByText(user.email).waitFor()
    const sessions = page.getByRole('region', { name: 'Where you are signed in' }).getByRole('listitem')
    expect(await sessions.allTextContents()).toEqual([expect.stringMatching(/Chrome.*This device.*Used for Notes/s)])
    const clients = page.getByRole('region', { name: 'Applications with access' })
    await clients.getByText('Know that it is you').waitFor()
    const events = page.getByRole('region', { name: 'Recent activity' }).getByRole('listitem')
    expect((await events.allTextContents()).map((text) => text.split('  ')[0]?.trim())).toEqual([
      expect.stringContaining('Access given to an application'),
      expect.stringContaining('Signed in'),
    ])
  })

  test('signs another browser out, and only that one', async () => {
    const user = await stage.system.user()
    const here = await accountOf(user)
    const there = await accountOf(user)
    await here.reload()
    await here.getByRole('button', { name: /^Sign out Chrome/ }).click()
    await here.getByText('The device is signed out.').waitFor()
    expect(await isSignedIn(there)).toBe(false)
    expect(await isSignedIn(here)).toBe(true)
    await here.getByText('A device was signed out').waitFor()
  })

  test('signs every other browser out at once', async () => {
    const user = await stage.system.user()
    const others = [await accountOf(user), await accountOf(user)]
    const here = await accountOf(user)
    await here.getByRole('button', { name: 'Sign out everywhere else' }).click()
    await here.getByText('All other devices are signed out.').waitFor()
    for (const other of others) expect(await isSignedIn(other)).toBe(false)
    expect(await isSignedIn(here)).toBe(true)
  })

  test('AUT-28 TOK-10 takes access away: the application asks again, and its refresh token is dead', async () => {
    const [client, user] = await Promise.all([stage.client({ client_name: 'Notes' }), stage.system.user()])
    const page = await stage.newPage()
    await goThrough(page, stage.request(client), user)
    const tokens = await signedInTokens(stage.system, client, user, offline)
    expect(await isSignedIn(page)).toBe(true)
    await page.getByRole('button', { name: 'Remove access of Notes' }).click()
    await page.getByText('The application no longer has access.').waitFor()
    await page.getByText('No application has access to your account.').waitFor()
    expect((await refresh(client, tokens)).status).toBe(400)
    await page.goto(stage.request(client))
    expect(await heading(page)).toContain('Notes would like to')
  })
})

describe('a new password', () => {
  const fresh = 'three unrelated words'

  async function changePassword(page: Page, current: string, wanted: string): Promise<void> {
    await page.getByLabel('Current password', { exact: true }).fill(current)
    await page.getByLabel('New password', { exact: true }).fill(wanted)
    await page.getByRole('button', { name: 'Change password' }).click()
  }

  test('TOK-10 attack R3 ends the other sessions and every refresh token', async () => {
    const [client, user] = await Promise.all([stage.client(), stage.system.user()])
    const tokens = await signedInTokens(stage.system, client, user, offline)
    const there = await accountOf(user)
    const here = await accountOf(user)
    await here.getByRole('link', { name: 'Change password' }).click()
    await changePassword(here, user.password, fresh)
    await here.getByText('Your password is changed. Other devices were signed out.').waitFor()

    expect(await isSignedIn(here)).toBe(true)
    expect(await isSignedIn(there)).toBe(false)
    await signIn(there, user)
    await there.getByText('That name and password do not match.').waitFor()
    await signIn(there, { ...user, password: fresh })
    await there.getByRole('heading', { name: 'Your account' }).waitFor()
    expect(await (await refresh(client, tokens)).json()).toMatchObject({ error: 'invalid_grant' })
  })

  test('is refused where the current one is wrong, or the new one is weak, in words beside the field', async () => {
    const user = await stage.system.user()
    const page = await accountOf(user)
    await page.getByRole('link', { name: 'Change password' }).click()
    await changePassword(page, 'not my password', fresh)
    await page.getByText('That is not your current password.').waitFor()
    expect(await page.getByLabel('Current password', { exact: true }).getAttribute('aria-invalid')).toBe('true')
    await changePassword(page, user.password, 'password1')
    await page.getByText('Too many people use this password. Choose another.').waitFor()
    await changePassword(page, user.password, user.password)
    await page.getByText('This is your current password. Choose another.').waitFor()
    expect(await page.title()).toMatch(/^Error: Change your password/)
  })
})

describe('signing out', () => {
  test('LGO-03 asks first where no client proves that it is wanted, and "Stay signed in" stays', async () => {
    const user = await stage.system.user()
    const page = await accountOf(user)
    await page.getByRole('link', { name: 'Sign out' }).click()
    expect(await heading(page)).toBe('Sign out?')
    await page.getByRole('link', { name: 'Stay signed in' }).click()
    expect(await heading(page)).toBe('Your account')
    await page.getByRole('link', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor()
    expect(await page.context().cookies()).not.toContainEqual(
      expect.objectContaining({ name: '__Host-authrim-session' }),
    )
    expect(await isSignedIn(page)).toBe(false)
  })

  test('LGO-01 LGO-04 asked by a client without a hint, confirms and returns with state', async () => {
    const [client, user] = await Promise.all([stage.client({ client_name: 'Notes' }), stage.system.user()])
    const page = await stage.newPage()
    await goThrough(page, stage.request(client), user)
    const query = new URLSearchParams({
      client_id: client.client_id,
      post_logout_redirect_uri: `${stage.site.origin}/signed-out`,
      state: 'bye & thanks',
    })
    await page.goto(`${stage.system.issuer}/logout?${query}`)
    await page.getByText('Notes asks to sign you out here.').waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    expect((await arrival(page, '/signed-out')).searchParams.get('state')).toBe('bye & thanks')
  })

  test('LGO-04 finds the session by a form posted from the client’s site', async () => {
    const [client, user] = await Promise.all([stage.client({ client_name: 'Notes' }), stage.system.user()])
    const page = await stage.newPage()
    await goThrough(page, stage.request(client), user)
    stage.site.pages.set(
      '/leave',
      `<title>Leave</title><form method="post" action="${stage.system.issuer}/logout">
        <input type="hidden" name="client_id" value="${client.client_id}"><button>Leave</button></form>`,
    )
    await page.goto(`${stage.site.origin}/leave`)
    await page.getByRole('button', { name: 'Leave' }).click()
    await page.getByText('Notes asks to sign you out here.').waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor()
  })
})

describe('a request that leads nowhere', () => {
  test('AUT-02 B-18 gets a page with what to do and the request id, never a redirect', async () => {
    const client = await stage.client()
    const page = await stage.newPage()
    const { issuer } = stage.system
    for (const [address, title] of [
      [stage.request({ ...client, client_id: 'nobody' }), 'Unknown application'],
      [stage.request(client, { redirect_uri: `${stage.site.origin}/other` }), 'Return address not registered'],
      [`${issuer}/signin?interaction=made-up`, 'This took too long'],
      [`${issuer}/account/nowhere`, 'Page not found'],
    ] as const) {
      const response = await page.goto(address)
      expect(await heading(page)).toBe(title)
      expect(response?.status()).toBeGreaterThanOrEqual(400)
      expect(await page.locator('code').textContent()).toBe(response?.headers()['x-request-id'])
    }
    expect(stage.site.requests).toEqual([])
  })
})
