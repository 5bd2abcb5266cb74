import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { allow, arrival, signIn } from '../support/person.ts'
import { openStage, type Stage } from '../support/stage.ts'
import type { TestClient, TestUser } from '../support/system.ts'

const require = createRequire(import.meta.url)
const folder = dirname(require.resolve('oidc-client-ts/package.json'))
const library = readFileSync(join(folder, 'dist/browser/oidc-client-ts.min.js'), 'utf8')

/** A single-page application as the library's documentation has it; what it knows of the person is on the page. */
function application(issuer: string, { client_id }: TestClient): string {
  return `
    const manager = new oidc.UserManager({
      authority: '${issuer}',
      client_id: '${client_id}',
      redirect_uri: location.origin + '/app',
      post_logout_redirect_uri: location.origin + '/app',
      scope: 'openid profile email offline_access',
      loadUserInfo: true,
      automaticSilentRenew: false,
    })
    const show = (user) => (document.querySelector('output').textContent = JSON.stringify(user))
    const on = (id, act) => document.getElementById(id).addEventListener('click', () => act().then(show, (e) => show(String(e))))
    on('sign-in', () => manager.signinRedirect())
    on('renew', () => manager.signinSilent())
    on('sign-out', () => manager.signoutRedirect())
    const arrive = location.search.includes('code=') ? manager.signinCallback() : manager.getUser()
    arrive.then(show, (e) => show(String(e)))`
}

let stage: Stage
let client: TestClient
let page: Page

beforeAll(async () => {
  stage = await openStage()
})
beforeEach(async () => {
  client = await stage.client({
    token_endpoint_auth_method: 'none',
    secrets: [],
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: [`${stage.site.origin}/app`],
    post_logout_redirect_uris: [`${stage.site.origin}/app`],
  })
  const script = (body: string) => () => ({ headers: { 'content-type': 'text/javascript' }, body })
  const buttons = ['sign-in', 'renew', 'sign-out'].map((id) => `<button id="${id}">${id}</button>`).join('')
  stage.site.pages.set('/library.js', script(library))
  stage.site.pages.set('/app.js', script(application(stage.system.issuer, client)))
  stage.site.pages.set(
    '/app',
    `<title>App</title>${buttons}<output></output><script src="/library.js"></script><script src="/app.js"></script>`,
  )
  page = await stage.newPage()
})
afterEach(() => stage.tidy())
afterAll(() => stage.close())

interface Session {
  readonly access_token: string
  readonly refresh_token: string
  readonly profile: Readonly<Record<string, unknown>>
}

/** The session that the application shows, once it is another than `former`. */
async function session(former?: Session): Promise<Session> {
  const output = page.locator('output')
  const before = former === undefined ? '' : JSON.stringify(former)
  await expect.poll(() => output.textContent(), { timeout: 10_000 }).not.toBeOneOf(['', before])
  return JSON.parse((await output.textContent()) ?? '')
}

async function signedIn(): Promise<{ person: TestUser; first: Session }> {
  const person = await stage.system.user()
  await page.goto(`${stage.site.origin}/app`)
  await page.locator('#sign-in').click()
  await signIn(page, person)
  await allow(page)
  await arrival(page, '/app')
  return { person, first: await session() }
}

describe('oidc-client-ts in a page of another origin', () => {
  test('AUT-08 USR-09 XCT-05 signs in with code and PKCE, and fetches userinfo', async () => {
    const { person, first } = await signedIn()
    expect(first).toMatchObject({
      token_type: 'Bearer',
      profile: { sub: person.sub, name: 'Ada Lovelace', email: person.email },
    })
  })

  test('TOK-07 renews silently with its refresh token, which changes', async () => {
    const { person, first } = await signedIn()
    await page.locator('#renew').click()
    const second = await session(first)
    expect(second.profile['sub']).toBe(person.sub)
    expect(second.access_token).not.toBe(first.access_token)
    expect(second.refresh_token).not.toBe(first.refresh_token)
  })

  test('LGO-01 signs out at the provider, and has to sign in again', async () => {
    await signedIn()
    await page.locator('#sign-out').click()
    await arrival(page, '/app')
    expect(await session()).toBeNull()
    await page.locator('#sign-in').click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  })

  test('XCT-05 attack X3 no page of the provider can be read from there, and nothing with its cookies', async () => {
    const { issuer } = stage.system
    const { first } = await signedIn()
    const refused = async (path: string, init: { credentials?: 'include'; headers?: Record<string, string> }) => {
      const outcome = await page.evaluate(
        ({ url, init }) =>
          fetch(url, init).then(
            () => 'read',
            () => 'refused',
          ),
        { url: `${issuer}${path}`, init },
      )
      expect(`${path} ${outcome}`).toBe(`${path} refused`)
    }
    const request = new URLSearchParams({
      client_id: client.client_id,
      redirect_uri: `${stage.site.origin}/app`,
      response_type: 'code',
      scope: 'openid',
      prompt: 'none',
    })
    for (const path of [`/authorize?${request}`, '/signin', '/consent', '/account', '/account/password', '/logout']) {
      await refused(path, { credentials: 'include' })
      await refused(path, {})
      for (const method of ['GET', 'OPTIONS']) {
        const headers = { origin: stage.site.origin, 'access-control-request-method': 'POST' }
        const response = await fetch(`${issuer}${path}`, { method, headers, redirect: 'manual' })
        expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
      }
    }
    const authorization = `Bearer ${first.access_token}`
    for (const path of ['/userinfo', '/token', '/.well-known/openid-configuration'])
      await refused(path, { credentials: 'include', headers: { authorization } })
    expect(stage.complaints.splice(0).every((complaint) => /CORS policy|net::ERR_FAILED/.test(complaint))).toBe(true)
  })
})
