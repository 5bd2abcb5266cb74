import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { axe, openBrowser, renderingRules, type TestBrowser } from '../support/browser.ts'
import { asIs, frameWith, pages } from './fixtures.ts'
import { type PageServer, servePages } from './serve.ts'

// The script of this page leaves it at once; it has a test of its own.
const names = [...pages().keys()].filter((name) => name !== 'form-post')

const frame = frameWith()
const endless = pages((text) => `${text.replaceAll(' ', '')}${'W'.repeat(300)}`, frameWith(asIs))
const hebrew = frameWith(asIs, { dir: 'rtl' })
const served = new Map([
  ...pages(),
  ...[...endless].map(([name, html]): [string, string] => [`endless/${name}`, html]),
  ...[...pages(() => 'שלום עולם', hebrew)].map(([name, html]): [string, string] => [`rtl/${name}`, html]),
])

let browser: TestBrowser
let server: PageServer

beforeAll(async () => {
  browser = await openBrowser()
  server = await servePages(served, frame.branding)
})

afterAll(async () => {
  await browser.close()
  await server.close()
})

/** Visits every page of `list` in one tab and collects what `look` finds, with the console's complaints. */
async function visit(
  page: Page,
  list: readonly string[],
  look: (name: string) => Promise<unknown[]>,
): Promise<unknown[]> {
  const found: unknown[] = []
  let current = ''
  page.on('console', (message) => found.push({ page: current, console: message.text() }))
  page.on('pageerror', (error) => found.push({ page: current, error: error.message }))
  for (current of list) {
    await page.goto(`${server.origin}/${current}`)
    for (const finding of await look(current)) found.push({ page: current, finding })
  }
  await page.context().close()
  return found
}

/** By how much the page is too wide for its window at each width. */
async function overflow(page: Page, widths: readonly number[]): Promise<string[]> {
  const found: string[] = []
  for (const width of widths) {
    await page.setViewportSize({ width, height: 640 })
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    if (wider > 0) found.push(`${wider}px too wide for ${width}px`)
  }
  return found
}

const focused = (page: Page) =>
  page.evaluate(() => {
    const element = document.activeElement
    return element?.getAttribute('name') ?? element?.textContent ?? ''
  })

describe('every page in a browser', () => {
  test('has no axe violation in light and dark', async () => {
    const page = await browser.newPage({ context: { reducedMotion: 'reduce' } })
    const look = async () => {
      const inLight = await axe(page)
      await page.emulateMedia({ colorScheme: 'dark' })
      const inDark = await axe(page, renderingRules)
      await page.emulateMedia({ colorScheme: 'light' })
      return [...inLight, ...inDark]
    }
    expect(await visit(page, names, look)).toEqual([])
  }, 120_000)

  test('has no axe violation at 320 px and right to left, and is no wider', async () => {
    const page = await browser.newPage()
    const look = async () => [...(await overflow(page, [1280, 320])), ...(await axe(page, renderingRules))]
    const list = names.map((name) => `rtl/${name}`)
    expect(await visit(page, list, look)).toEqual([])
  }, 120_000)

  test('is no wider than 320 px and 1280 px, whatever the names', async () => {
    const page = await browser.newPage()
    const list = names.flatMap((name) => [name, `endless/${name}`])
    expect(await visit(page, list, () => overflow(page, [320, 1280]))).toEqual([])
  }, 120_000)

  test('has targets of 44 px wherever a finger is meant to press', async () => {
    const page = await browser.newPage({ viewport: { width: 320, height: 640 } })
    const small = () =>
      page.$$eval('button, input:not([type=hidden]):not([hidden]), a', (elements) =>
        elements
          .map((element) => ({ text: element.textContent, height: element.getBoundingClientRect().height }))
          .filter(({ height }) => height < 44),
      )
    expect(await visit(page, names, small)).toEqual([])
  }, 60_000)
})

describe('signing in', () => {
  test('works by keyboard alone: name, password, show, sign in, cancel', async () => {
    const page = await browser.newPage()
    await page.goto(`${server.origin}/sign-in`)
    await page.locator('#identifier:focus').waitFor()
    const order = [await focused(page)]
    for (let step = 0; step < 4; step++) {
      await page.keyboard.press('Tab')
      order.push(await focused(page))
    }
    expect(order).toEqual(['identifier', 'password', 'Show', 'Sign in', 'action'])
    await page.context().close()
  })

  test('submits with Enter as signing in, not as giving up', async () => {
    const page = await browser.newPage()
    await page.goto(`${server.origin}/sign-in`)
    await page.locator('#identifier:focus').waitFor()
    await page.keyboard.type('alice')
    await page.keyboard.press('Tab')
    await page.keyboard.type('open sesame')
    await page.keyboard.press('Enter')
    await page.waitForURL(`${server.origin}/signin`)
    expect(Object.fromEntries(server.submitted.at(-1)?.fields ?? [])).toEqual({
      interaction: 'aWQ.interaction',
      csrf: 'Y3NyZg',
      identifier: 'alice',
      password: 'open sesame',
    })
    await page.context().close()
  })

  test('shows the password on demand, and sends it as a password', async () => {
    const page = await browser.newPage()
    await page.goto(`${server.origin}/sign-in-known`)
    const password = page.getByLabel('Password', { exact: true })
    await password.fill('open sesame')
    await page.getByRole('button', { name: 'Show password' }).click()
    expect(await password.getAttribute('type')).toBe('text')
    await page.getByRole('button', { name: 'Hide password' }).click()
    expect(await password.getAttribute('type')).toBe('password')
    await page.context().close()
  })

  test('works without JavaScript, where giving up needs no field', async () => {
    const page = await browser.newPage({ javaScript: false })
    await page.goto(`${server.origin}/sign-in`)
    expect(await page.getByText('Show', { exact: true }).isVisible()).toBe(false)
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.waitForURL(`${server.origin}/signin`)
    expect(server.submitted.at(-1)?.fields.get('action')).toBe('cancel')
    await page.context().close()
  })

  test('says in words how strong a new password is', async () => {
    const page = await browser.newPage()
    await page.goto(`${server.origin}/change-password`)
    const words = page.getByRole('status')
    const fresh = page.getByLabel('New password', { exact: true })
    for (const [password, strength] of [
      ['abcabcabc', 'Easy to guess'],
      ['abcdef1234', 'Fair'],
      ['correct horse battery', 'Strong'],
    ] as const) {
      await fresh.fill(password)
      expect(await words.textContent()).toContain(strength)
    }
    await fresh.fill('')
    expect(await words.textContent()).toBe('')
    await page.context().close()
  })

  test.each([true, false])('puts the focus on what went wrong (JavaScript: %s)', async (javaScript) => {
    const page = await browser.newPage({ javaScript })
    await page.goto(`${server.origin}/sign-in-wrong`)
    expect(await page.locator('h2:focus').textContent()).toBe('That name and password do not match.')
    expect(await page.getByLabel('Email or user name').inputValue()).toBe('alice@example.com')
    expect(await page.getByLabel('Password', { exact: true }).inputValue()).toBe('')
    await page.context().close()
  })
})

describe('the form_post answer', () => {
  const submitted = () => Object.fromEntries(server.submitted.at(-1)?.fields ?? [])
  const fields = { code: 'c0de', state: 'st&te', iss: 'https://id.acme.example' }

  // The policy of the test server names no other origin, so that the action is this server's.
  async function open(javaScript: boolean): Promise<Page> {
    const page = await browser.newPage({ javaScript })
    await page.route('**/form-post', async (route) => {
      const response = await route.fetch()
      const body = (await response.text()).replace('https://notes.example/callback', `${server.origin}/callback`)
      await route.fulfill({ response, body })
    })
    await page.goto(`${server.origin}/form-post`, { waitUntil: 'commit' })
    return page
  }

  test('is sent by itself', async () => {
    const page = await open(true)
    await page.waitForURL(`${server.origin}/callback`)
    expect(submitted()).toEqual(fields)
    await page.context().close()
  })

  test('is sent by a button where no script runs', async () => {
    const page = await open(false)
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.waitForURL(`${server.origin}/callback`)
    expect(submitted()).toEqual(fields)
    await page.context().close()
  })
})
