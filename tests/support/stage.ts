import type { Page } from 'playwright-core'
import type { Client } from '../../shared/protocol/client.ts'
import { openBrowser, type PageOptions, type TestBrowser } from './browser.ts'
import { authorizationPath } from './oauth.ts'
import { openSite, type Site } from './site.ts'
import { sharedSystem, type System, type TestClient } from './system.ts'

/** The provider, a relying party's site and a browser between them. */
export interface Stage {
  readonly system: System
  readonly site: Site
  readonly browser: TestBrowser
  /** What pages complained about: console errors and warnings, exceptions, failed requests. */
  readonly complaints: string[]
  /** A page in a browser context of its own, whose complaints are collected. */
  newPage(options?: PageOptions): Promise<Page>
  /** A client whose pages are the site's. */
  client(metadata?: Partial<Client>): Promise<TestClient>
  /** The address of an authorization request of the client; `null` leaves a parameter out. */
  request(client: TestClient, parameters?: Record<string, string | null>): string
  /**
   * Ends every context.
   * @throws Error with the complaints since the last time.
   */
  tidy(): Promise<void>
  close(): Promise<void>
}

/** @param starting a system of its own, for what the shared one must not have. */
export async function openStage(starting: Promise<System> = sharedSystem()): Promise<Stage> {
  const [system, site, browser] = await Promise.all([starting, openSite(), openBrowser()])
  const complaints: string[] = []
  return {
    system,
    site,
    browser,
    complaints,
    async newPage(pageOptions) {
      const page = await browser.newPage(pageOptions)
      page.context().on('page', (opened) => listen(opened, complaints))
      listen(page, complaints)
      return page
    },
    client: (metadata = {}) =>
      system.client({
        redirect_uris: [`${site.origin}/callback`],
        post_logout_redirect_uris: [`${site.origin}/signed-out`],
        ...metadata,
      }),
    request: (client, parameters) => `${system.issuer}${authorizationPath(client, parameters)}`,
    async tidy() {
      await Promise.all(browser.browser.contexts().map((context) => context.close()))
      site.pages.clear()
      site.requests.length = 0
      const found = complaints.splice(0)
      if (found.length > 0) throw new Error(`the browser complained:\n${found.join('\n')}`)
    },
    async close() {
      await Promise.all([browser.close(), site.close()])
      await system[Symbol.asyncDispose]()
    },
  }
}

/** Chromium's line for every answer that is an error; those of whole pages are what tests ask for. */
const failedLoad = /^Failed to load resource: the server responded with a status of \d+/

function listen(page: Page, complaints: string[]): void {
  page.on('console', (message) => {
    const grave = message.type() === 'error' || message.type() === 'warning'
    if (grave && !failedLoad.test(message.text())) complaints.push(`${message.text()} (${page.url()})`)
  })
  page.on('pageerror', (error) => complaints.push(`${error.message} (${page.url()})`))
  page.on('response', (response) => {
    const partial = response.request().resourceType() !== 'document'
    if (partial && response.status() >= 400) complaints.push(`${response.status()} ${response.url()} (${page.url()})`)
  })
}
