import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type ForeignProvider, addProvider } from '../saml/foreign-provider.ts'
import { adminJson } from '../management/support.ts'
import { axe } from '../support/browser.ts'
import { arrival } from '../support/person.ts'
import { openStage, type Stage } from '../support/stage.ts'
import { startSystem } from '../support/system.ts'

let stage: Stage
let provider: ForeignProvider
beforeAll(async () => {
  stage = await openStage(startSystem())
  provider = await addProvider(stage.system, { domains: ['acme.example'], name: 'Acme' })
})
afterEach(() => stage.tidy())
afterAll(async () => {
  await provider.close()
  await stage.close()
})

/** As somebody new. */
function asNobodyKnown(): string {
  const nameId = `browser-${provider.requests.length}-${Math.random()}`
  provider.says = { nameId, attributes: { mail: [`${nameId}@acme.example`], displayName: ['Ada Browser'] } }
  return `${nameId}@acme.example`
}

describe.each([{ javaScript: true }, { javaScript: false }])('with $javaScript scripts', (options) => {
  test('SML-17 by the button: to the provider, back by a post from its site, and on to the client', async () => {
    const [client, page] = await Promise.all([stage.client({ first_party: true }), stage.newPage(options)])
    asNobodyKnown()
    await page.goto(stage.request(client))
    await page.getByRole('link', { name: 'Continue with Acme' }).click()
    await page.getByRole('heading', { name: 'Acme' }).waitFor()
    await page.getByRole('button', { name: 'Continue' }).click()
    const callback = await arrival(page)
    expect(callback.searchParams.get('code')).toBeTruthy()
    expect(callback.searchParams.get('state')).toBe('the-state')
  })

  test('by the domain of the address that was typed, without a password', async () => {
    const [client, page] = await Promise.all([stage.client({ first_party: true }), stage.newPage(options)])
    const email = asNobodyKnown()
    await page.goto(stage.request(client))
    await page.getByLabel('Email or user name').fill(email)
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Continue' }).click()
    expect((await arrival(page)).searchParams.get('code')).toBeTruthy()
  })

  test('by the hint of the client, without our page', async () => {
    const [client, page] = await Promise.all([stage.client({ first_party: true }), stage.newPage(options)])
    const email = asNobodyKnown()
    await page.goto(stage.request(client, { login_hint: email }))
    expect(new URL(page.url()).origin).toBe(provider.site.origin)
    await page.getByRole('button', { name: 'Continue' }).click()
    expect((await arrival(page)).searchParams.get('code')).toBeTruthy()
  })
})

test('two windows at once: each sign-in ends where it began', async () => {
  const [client, first] = await Promise.all([stage.client({ first_party: true }), stage.newPage()])
  const second = await first.context().newPage()
  asNobodyKnown()
  await first.goto(stage.request(client, { state: 'one' }))
  await second.goto(stage.request(client, { state: 'two' }))
  for (const page of [first, second]) await page.getByRole('link', { name: 'Continue with Acme' }).click()
  for (const [page, state] of [
    [first, 'one'],
    [second, 'two'],
  ] as const) {
    await page.getByRole('button', { name: 'Continue' }).click()
    expect((await arrival(page)).searchParams.get('state')).toBe(state)
  }
})

test('an account that is there keeps its place beside the new one', async () => {
  const [user, page] = await Promise.all([stage.system.user(), stage.newPage()])
  await page.goto(`${stage.system.issuer}/account`)
  await page.getByLabel('Email or user name').fill(user.username)
  await page.getByLabel('Password', { exact: true }).fill(user.password)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Ada Lovelace' }).or(page.getByText(user.email)).first().waitFor()
  const email = asNobodyKnown()
  await page.goto(`${stage.system.issuer}/saml/sp/login/${provider.alias}`)
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByText(email).first().waitFor()
  const cookie = (await page.context().cookies()).find(({ name }) => name === '__Host-authrim-session')
  expect(cookie?.value.split('.')).toHaveLength(2)
})

test('SML-22 signing out here signs out there, without a click in between', async () => {
  const page = await stage.newPage()
  provider.site.pages.set('/slo', async (request) => ({
    status: 303,
    headers: { location: await provider.logoutAnswer(request) },
  }))
  asNobodyKnown()
  await page.goto(`${stage.system.issuer}/saml/sp/login/${provider.alias}`)
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.waitForURL(`${stage.system.issuer}/account`)
  await page.goto(`${stage.system.issuer}/logout`)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor()
  await page.getByText('Acme: Signed out').waitFor()
  expect(await axe(page)).toEqual([])
})

test('SML-22 signing out there signs out here and goes back', async () => {
  const page = await stage.newPage()
  const email = asNobodyKnown()
  await page.goto(`${stage.system.issuer}/saml/sp/login/${provider.alias}`)
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.waitForURL(`${stage.system.issuer}/account`)
  provider.site.pages.set('/slo', '<title>Bye</title><h1>Signed out at Acme</h1>')
  await page.goto(provider.logoutAddress(email.replace('@acme.example', '')))
  await page.getByRole('heading', { name: 'Signed out at Acme' }).waitFor()
  await page.goto(`${stage.system.issuer}/saml/sp/session`)
  await page.getByRole('heading', { name: 'Nobody is signed in here' }).waitFor()
  expect(await axe(page)).toEqual([])
})

test('the page with the button, and those that say no, have nothing that axe objects to', async () => {
  const [client, page] = await Promise.all([stage.client(), stage.newPage()])
  await page.goto(stage.request(client))
  await page.getByRole('link', { name: 'Continue with Acme' }).waitFor()
  expect(await axe(page)).toEqual([])
  await adminJson(stage.system, 'PATCH', `/saml/idp/${provider.alias}`, { enabled: false })
  await page.getByRole('link', { name: 'Continue with Acme' }).click()
  await page.getByRole('heading', { level: 1 }).waitFor()
  expect(await axe(page)).toEqual([])
  await adminJson(stage.system, 'PATCH', `/saml/idp/${provider.alias}`, { enabled: true })
})
