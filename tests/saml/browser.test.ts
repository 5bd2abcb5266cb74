import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { axe, openBrowser, type TestBrowser } from '../support/browser.ts'
import { authorizationPath } from '../support/oauth.ts'
import { sharedSystem, type System, type TestClient, type TestUser } from '../support/system.ts'
import { type Application, serveApplication } from './application.ts'
import { addPartner, requestXml, type TestPartner } from './support.ts'

let system: System
let browser: TestBrowser
let [payroll, wiki]: TestPartner[] = []
let user: TestUser
let client: TestClient

beforeAll(async () => {
  system = await sharedSystem()
  browser = await openBrowser()
  payroll = await addPartner(system, { record: { name: 'Payroll' } })
  wiki = await addPartner(system, { record: { name: 'Wiki' } })
  user = await system.user()
  client = await system.client({ first_party: true })
})
afterAll(async () => {
  await browser.close()
  await Promise.all([payroll?.close(), wiki?.close()])
  await system[Symbol.asyncDispose]()
})

let applications: { payroll: Application; wiki: Application }
beforeEach(() => {
  applications = { payroll: serveApplication(need(payroll)), wiki: serveApplication(need(wiki)) }
})

function need(partner: TestPartner | undefined): TestPartner {
  if (!partner) throw new Error('no partner')
  return partner
}

async function signIn(page: Page): Promise<void> {
  await page.getByLabel('Email or user name').fill(user.username)
  await page.getByLabel('Password', { exact: true }).fill(user.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

/** Signs in to both applications. */
async function signedInToBoth(javaScript = true): Promise<Page> {
  const page = await browser.newPage({ javaScript })
  await page.goto(`${need(payroll).site.origin}/login`)
  await signIn(page)
  if (!javaScript) await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('heading', { name: `Welcome ${user.email}` }).waitFor()
  await page.goto(`${need(wiki).site.origin}/login`)
  if (!javaScript) await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('heading', { name: `Welcome ${user.email}` }).waitFor()
  return page
}

/** Whether OpenID Connect knows a session in this browser. */
async function silentError(page: Page): Promise<string | null> {
  const answer = await page.request.get(system.issuer + authorizationPath(client, { prompt: 'none' }), {
    maxRedirects: 0,
  })
  return new URL(answer.headers()['location'] ?? '', system.issuer).searchParams.get('error')
}

describe('signing in', () => {
  test('SML-09 one sign-in serves two SAML applications and OpenID Connect', async () => {
    const page = await signedInToBoth()
    expect(await page.locator('#state').textContent()).toBe('from-login')
    expect(applications.payroll.profile?.nameID).not.toBe(applications.wiki.profile?.nameID)
    expect(applications.payroll.profile).toMatchObject({ email: user.email, given_name: 'Ada' })
    expect(await silentError(page)).toBeNull()
    await page.context().close()
  })

  test('SML-26 without scripts a button sends the response', async () => {
    const page = await signedInToBoth(false)
    expect(applications.wiki.profile?.['email']).toBe(user.email)
    await page.context().close()
  })

  test('SML-05 a request posted from another site finds the session of this one', async () => {
    const page = await signedInToBoth()
    const partner = await addPartner(system, { key: null })
    const application = serveApplication(partner)
    const request = Buffer.from(requestXml(system, partner)).toString('base64')
    partner.site.pages.set(
      '/post',
      `<html lang="en"><title>Post</title><form method="post" action="${system.issuer}/saml/idp/sso">
        <input name="SAMLRequest" value="${request}"><input name="RelayState" value="posted"><button>Go</button></form>`,
    )
    await page.goto(`${partner.site.origin}/post`)
    await page.getByRole('button', { name: 'Go' }).click()
    await page.getByRole('heading', { name: `Welcome ${user.email}` }).waitFor()
    expect(await page.locator('#state').textContent()).toBe('posted')
    expect(application.profile?.['email']).toBe(user.email)
    await partner.close()
    await page.context().close()
  })
})

describe('signing out', () => {
  test('SML-21 SML-22 begun by one application it reaches the other, and OpenID Connect', async () => {
    const page = await signedInToBoth()
    await page.goto(`${need(payroll).site.origin}/logout`)
    await page.getByRole('heading', { name: 'Signed out' }).waitFor()
    expect(page.url()).toContain(need(payroll).site.origin)
    expect(await page.locator('#state').textContent()).toBe('from-logout')
    expect([applications.payroll.profile, applications.wiki.profile]).toEqual([undefined, undefined])
    expect(await silentError(page)).toBe('login_required')
    await page.context().close()
  })

  test('SML-22 begun by the person it reaches both applications', async () => {
    const page = await signedInToBoth()
    await page.goto(`${system.issuer}/logout`)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor()
    expect(await page.getByRole('listitem').allTextContents()).toEqual(['Payroll: Signed out', 'Wiki: Signed out'])
    expect([applications.payroll.profile, applications.wiki.profile]).toEqual([undefined, undefined])
    expect(await axe(page)).toEqual([])
    await page.context().close()
  })

  test('SML-22 begun by an OpenID client it reaches both applications, and then the client', async () => {
    const page = await signedInToBoth()
    const returnUri = `${need(wiki).site.origin}/after`
    const leaver = await system.client({ post_logout_redirect_uris: [returnUri], first_party: true })
    const query = new URLSearchParams({
      client_id: leaver.client_id,
      post_logout_redirect_uri: returnUri,
      state: 'the-state',
    })
    await page.goto(`${system.issuer}/logout?${query}`)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL(`${returnUri}?state=the-state`)
    expect([applications.payroll.profile, applications.wiki.profile]).toEqual([undefined, undefined])
    await page.context().close()
  })

  test('SML-21 an application that refuses is named, and the other learns that it was not everybody', async () => {
    const page = await signedInToBoth()
    applications.wiki.answer = 'refuse'
    await page.goto(`${need(payroll).site.origin}/logout`)
    await page.getByRole('heading', { name: 'Not signed out everywhere' }).waitFor()
    expect(await page.getByRole('listitem').allTextContents()).toEqual(['Wiki: Not signed out'])
    expect(await axe(page)).toEqual([])
    const answered = page.waitForRequest((request) => request.url().includes('/slo?SAMLResponse='))
    await page.getByRole('link', { name: 'Continue' }).click()
    expect(await inflated((await answered).url())).toContain('status:PartialLogout')
    expect(await silentError(page)).toBe('login_required')
    await page.context().close()
  })

  test('SML-21 an application that never comes back stops nobody: the page before goes on', async () => {
    const page = await signedInToBoth()
    applications.payroll.answer = 'hang'
    await page.goto(`${system.issuer}/logout`)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Something is broken here' }).waitFor()
    await page.goBack()
    await page.getByRole('heading', { name: 'Not signed out everywhere' }).waitFor()
    expect(await page.getByRole('listitem').allTextContents()).toEqual(['Payroll: No answer yet', 'Wiki: Signed out'])
    expect(applications.wiki.profile).toBeUndefined()
    await page.context().close()
  })

  test('SML-21 without scripts each application is a link', async () => {
    const page = await signedInToBoth(false)
    await page.goto(`${system.issuer}/logout`)
    await page.getByRole('button', { name: 'Sign out' }).click()
    expect(await page.getByRole('listitem').allTextContents()).toEqual(['Payroll: Waiting', 'Wiki: Waiting'])
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Signing you out')
    await page.getByRole('link', { name: 'Sign out of Payroll' }).click()
    await page.getByRole('link', { name: 'Sign out of Wiki' }).click()
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor()
    await page.context().close()
  })
})

describe('pages', () => {
  test('SML-26 nothing is wrong with them for axe', async () => {
    const page = await browser.newPage()
    // Pages that go on by themselves stay.
    await page.route('**/saml/idp/assets/*', (route) => route.abort())
    await page.goto(`${need(payroll).site.origin}/login`)
    await signIn(page)
    await page.getByRole('button', { name: 'Continue' }).waitFor()
    expect(await axe(page)).toEqual([])
    await page.goto(`${system.issuer}/saml/idp/start/${need(payroll).record.alias}`)
    expect(await page.getByRole('heading').textContent()).toBe('Start at the application')
    expect(await axe(page)).toEqual([])
    await page.goto(`${system.issuer}/logout`)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Signing you out' }).waitFor()
    expect(await axe(page)).toEqual([])
    await page.context().close()
  })
})

async function inflated(address: string): Promise<string> {
  const { inflateRawSync } = await import('node:zlib')
  return inflateRawSync(Buffer.from(new URL(address).searchParams.get('SAMLResponse') ?? '', 'base64')).toString()
}
