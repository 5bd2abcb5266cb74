import { createHash } from 'node:crypto'
import type { Page } from 'playwright-core'
import * as v from 'valibot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadScripts } from '../../cli/local/scripts.ts'
import { testKeys } from '../../workers/op-saml/testing/keys.ts'
import { openBrowser, type TestBrowser } from '../support/browser.ts'
import { type System, startSystem, type TestUser } from '../support/system.ts'
import { serveApplication } from './application.ts'
import { addPartner, idpCertificates, pem, type TestPartner } from './support.ts'

let system: System
let browser: TestBrowser
let user: TestUser
beforeAll(async () => {
  system = await startSystem()
  browser = await openBrowser()
  user = await system.user()
})
afterAll(async () => {
  await browser.close()
  await system[Symbol.asyncDispose]()
})

/** Signs in to the partner's application; answers the heading of the page that comes of it. */
async function heading(page: Page, partner: TestPartner): Promise<string> {
  await page.goto(`${partner.site.origin}/login`)
  if (new URL(page.url()).pathname === '/signin') {
    await page.getByLabel('Email or user name').fill(user.username)
    await page.getByLabel('Password', { exact: true }).fill(user.password)
    await page.getByRole('button', { name: 'Sign in' }).click()
  }
  await page.waitForURL(`${partner.site.origin}/acs`)
  return page.locator('body').innerText()
}

/** Workers that start anew hold no leased keys. */
async function rotate(now: boolean): Promise<string[]> {
  await system.local.admin.post('/keys/rotate', { use: 'saml', now }, v.unknown())
  await system.local.reload(await loadScripts())
  return idpCertificates(system)
}

const print = (certificate: string) => createHash('sha256').update(certificate).digest('hex')

test('SML-25 SML-03 our certificate is replaced without any sign-in failing', { timeout: 60_000 }, async () => {
  const page = await browser.newPage()
  const before = await idpCertificates(system)
  const early = await addPartner(system)
  serveApplication(early)
  expect(await heading(page, early)).toContain(`Welcome ${user.email}`)

  const during = await rotate(false)
  expect(during).toHaveLength(2)
  expect(during).toContain(before[0])
  // Who loads the metadata now knows both; the former still signs.
  const later = await addPartner(system)
  serveApplication(later)
  for (const partner of [early, later]) expect(await heading(page, partner)).toContain(`Welcome ${user.email}`)

  expect((await rotate(true)).map(print).toSorted()).toEqual(during.map(print).toSorted())
  expect(await heading(page, later)).toContain(`Welcome ${user.email}`)
  // The partner that never looked again is the one whom `keys rotate --now` warns about.
  expect(await heading(page, early)).not.toContain('Welcome')
  await Promise.all([early.close(), later.close(), page.context().close()])
})

test('SML-03 SML-05 a partner replaces its certificate: both sign during the rollover, one afterwards', async () => {
  const page = await browser.newPage()
  const certificates = [testKeys.partner.certificate, testKeys.partner2.certificate]
  const partner = await addPartner(system, { record: { signingCertificates: certificates } })
  const renewed = await addPartner(system, {
    key: 'partner2',
    record: { signingCertificates: certificates },
  })
  for (const each of [partner, renewed]) {
    serveApplication(each)
    expect(await heading(page, each)).toContain(`Welcome ${user.email}`)
  }
  await partner.change({ signingCertificates: [testKeys.partner2.certificate] })
  await page.goto(`${partner.site.origin}/login`)
  expect(await page.getByRole('heading').textContent()).toBe('Request not understood')
  await Promise.all([partner.close(), renewed.close(), page.context().close()])
})

test('SML-15 an encrypted assertion goes through a browser', async () => {
  const page = await browser.newPage()
  const partner = await addPartner(system, {
    record: { encryptAssertion: true, encryptionCertificates: [testKeys.partner2.certificate], signResponse: true },
    saml: { decryptionPvk: pem('PRIVATE KEY', testKeys.partner2.privateKey), wantAuthnResponseSigned: true },
  })
  serveApplication(partner)
  expect(await heading(page, partner)).toContain(`Welcome ${user.email}`)
  const posted = Buffer.from(partner.site.requests.at(-1)?.form.get('SAMLResponse') ?? '', 'base64').toString()
  expect(posted).toContain('<saml:EncryptedAssertion')
  expect(posted).not.toContain(user.email)
  await Promise.all([partner.close(), page.context().close()])
})
