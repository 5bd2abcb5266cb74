import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Demo, startDemo } from '../../cli/demo/server.ts'
import { freePort } from '../../cli/embedded-cloudflare/listener.ts'
import { ensureSamlDemo } from '../../cli/local/demo-data.ts'
import { axe } from '../support/browser.ts'
import { heading, signIn } from '../support/person.ts'
import { openStage, type Stage } from '../support/stage.ts'

let stage: Stage
let demo: Demo
beforeAll(async () => {
  stage = await openStage()
  const port = await freePort()
  const client = await stage.client()
  const { issuer, local } = stage.system
  demo = await startDemo({
    issuer,
    clientId: client.client_id,
    clientSecret: client.secret,
    host: '127.0.0.1',
    port,
  })
  await ensureSamlDemo(local.admin, demo.url)
})
afterEach(() => stage.tidy())
afterAll(async () => {
  await demo.close()
  await stage.close()
})

describe('the demo application as a SAML service provider', () => {
  test.each([true, false])('signs in, shows the assertion and signs out (JavaScript: %s)', async (javaScript) => {
    const [page, user] = await Promise.all([stage.newPage({ javaScript }), stage.system.user()])
    await page.goto(demo.url)
    await page.getByRole('link', { name: 'Use SAML' }).click()
    await signIn(page, user)
    if (!javaScript) await page.getByRole('button', { name: 'Continue' }).click()
    await page.waitForURL(`${demo.url}/saml`)
    expect(await heading(page)).toBe('You are signed in with SAML')
    await page.getByRole('region', { name: 'Attributes' }).getByText(user.email).waitFor()
    const assertion = page.getByRole('region', { name: 'Assertion' })
    await assertion.getByText(`${stage.system.issuer}/saml/idp/metadata`).first().waitFor()
    if (javaScript) expect(await axe(page)).toEqual([])
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL(`${demo.url}/`)
    await page.goto(`${stage.system.issuer}/saml/sp/session`)
    expect(await heading(page)).toBe('Nobody is signed in here')
  })

  test('one session with OpenID: who is signed in here is asked nothing there, and a sign-out here ends it there', async () => {
    const [page, user] = await Promise.all([stage.newPage(), stage.system.user()])
    await page.goto(`${stage.system.issuer}/account`)
    await signIn(page, user)
    await page.getByText(user.email).first().waitFor()
    await page.goto(`${demo.url}/saml/signin`)
    await page.waitForURL(`${demo.url}/saml`)
    await page.goto(`${stage.system.issuer}/logout`)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor()
    await page.goto(`${demo.url}/saml`)
    expect(await heading(page)).toBe('Demo application')
  })

  test('a response that was changed is refused in words', async () => {
    const page = await stage.newPage()
    await page.goto(demo.url)
    const answer = await page.request.post(`${demo.url}/saml/acs`, { form: { SAMLResponse: btoa('<a/>') } })
    expect(answer.status()).toBe(502)
    expect(await answer.text()).toContain('That did not work')
  })

  test('it is registered once, and again when its address changes', async () => {
    const { admin } = stage.system.local
    await ensureSamlDemo(admin, demo.url)
    await ensureSamlDemo(admin, 'http://127.0.0.1:9')
    await ensureSamlDemo(admin, demo.url)
  })
})
