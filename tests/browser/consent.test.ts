import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { allow, arrival, goThrough, signIn } from '../support/person.ts'
import { openStage, type Stage } from '../support/stage.ts'
import type { TestClient } from '../support/system.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterEach(() => stage.tidy())
afterAll(() => stage.close())

async function scene(options: { javaScript?: boolean } = {}) {
  const [client, user, page] = await Promise.all([
    stage.client({ client_name: 'Looking Glass Notes' }),
    stage.system.user(),
    stage.newPage(options),
  ])
  return { client, user, page }
}

describe('consent', () => {
  test('AUT-28 says in words what the client would like, and for whom', async () => {
    const { client, user, page } = await scene()
    await page.goto(stage.request(client, { scope: 'openid email offline_access api.read' }))
    await signIn(page, user)
    await page.getByRole('heading', { name: 'Looking Glass Notes would like to' }).waitFor()
    const asks = await page.getByRole('main').getByRole('listitem').allTextContents()
    expect(asks.map((ask) => ask.trim())).toEqual([
      'Know that it is you',
      'See your email address',
      'Stay connected while you are awayUntil you remove its access',
      'Use the permission api.read',
    ])
    await page.getByText('Ada Lovelace').waitFor()
    await page.getByText(user.email).waitFor()
  })

  test('AUT-28 is remembered, in another browser too, and asked again for more', async () => {
    const { client, user, page } = await scene()
    await goThrough(page, stage.request(client), user)
    const elsewhere = await stage.newPage()
    await elsewhere.goto(stage.request(client))
    await signIn(elsewhere, user)
    await arrival(elsewhere)

    await elsewhere.goto(stage.request(client, { scope: 'openid email' }))
    const fresh = elsewhere.getByRole('listitem').filter({ hasText: 'New' })
    expect(await fresh.allTextContents()).toEqual([expect.stringContaining('See your email address')])
    await allow(elsewhere)
    expect((await arrival(elsewhere)).searchParams.get('code')).toBeTruthy()
  })

  test('AUT-06 a denial goes to the client and is not remembered', async () => {
    const { client, user, page } = await scene()
    await page.goto(stage.request(client))
    await signIn(page, user)
    await page.getByRole('button', { name: 'Deny' }).click()
    expect(Object.fromEntries((await arrival(page)).searchParams)).toMatchObject({
      error: 'access_denied',
      state: 'the-state',
      iss: stage.system.issuer,
    })
    await page.goto(stage.request(client))
    await allow(page)
    expect((await arrival(page)).searchParams.get('code')).toBeTruthy()
  })

  test('prompt=consent asks though everything was allowed', async () => {
    const { client, user, page } = await scene()
    await goThrough(page, stage.request(client), user)
    await page.goto(stage.request(client, { prompt: 'consent' }))
    await allow(page)
    expect((await arrival(page)).searchParams.get('code')).toBeTruthy()
  })
})

describe('a form that the client posts to /authorize from its own site', () => {
  /** The client's page with a form that is sent by itself, or by its button. */
  function postingPage(client: TestClient, parameters: Record<string, string | null>): string {
    const fields = [...new URL(stage.request(client, parameters)).searchParams]
    const inputs = fields.map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`).join('')
    const form = `<form method="post" action="${stage.system.issuer}/authorize">${inputs}<button>Go</button></form>`
    return `<title>App</title>${form}`
  }

  test('B-19 FP-01 AUT-05 leads through sign-in and back by a form post', async () => {
    const { client, user, page } = await scene()
    stage.site.pages.set('/start', postingPage(client, { response_mode: 'form_post' }))
    await page.goto(`${stage.site.origin}/start`)
    await page.getByRole('button', { name: 'Go' }).click()
    await signIn(page, user)
    await allow(page)
    const callback = await arrival(page)
    expect(callback.search).toBe('')
    const posted = stage.site.requests.find(({ url }) => url.pathname === '/callback')
    expect(posted).toMatchObject({ method: 'POST', headers: { origin: 'null' } })
    expect(Object.fromEntries(posted?.form ?? [])).toEqual({
      code: expect.any(String),
      state: 'the-state',
      iss: stage.system.issuer,
    })
  })

  test('B-19 FP-01 works with JavaScript off, where a button sends the answer', async () => {
    const { client, user, page } = await scene({ javaScript: false })
    stage.site.pages.set('/start', postingPage(client, { response_mode: 'form_post' }))
    await page.goto(`${stage.site.origin}/start`)
    await page.getByRole('button', { name: 'Go' }).click()
    await signIn(page, user)
    await allow(page)
    await page.getByRole('button', { name: 'Continue' }).click()
    await arrival(page)
    const posted = stage.site.requests.find(({ url }) => url.pathname === '/callback')
    expect(posted?.form.get('code')).toBeTruthy()
  })

  test('B-19 finds the session, which the post itself does not carry', async () => {
    const { client, user, page } = await scene()
    await goThrough(page, stage.request(client), user)
    stage.site.pages.set('/start', postingPage(client, { state: 'posted', prompt: 'none' }))
    await page.goto(`${stage.site.origin}/start`)
    await page.getByRole('button', { name: 'Go' }).click()
    const callback = await arrival(page)
    expect(Object.fromEntries(callback.searchParams)).toMatchObject({ code: expect.any(String), state: 'posted' })
  })

  test('FP-03 AUT-07 brings an error back by a form post as well', async () => {
    const { client, page } = await scene()
    stage.site.pages.set('/start', postingPage(client, { response_mode: 'form_post', prompt: 'none' }))
    await page.goto(`${stage.site.origin}/start`)
    await page.getByRole('button', { name: 'Go' }).click()
    await arrival(page)
    const posted = stage.site.requests.find(({ url }) => url.pathname === '/callback')
    expect(Object.fromEntries(posted?.form ?? [])).toMatchObject({ error: 'login_required', state: 'the-state' })
  })
})
