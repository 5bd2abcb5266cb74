import { createServer } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { axe, openBrowser, type TestBrowser } from './browser.ts'

let browser: TestBrowser

beforeAll(async () => {
  browser = await openBrowser()
})

afterAll(() => browser.close())

describe('the browser of the tests', () => {
  test('keeps a __Host- cookie of http://localhost and sends it back', async () => {
    const server = createServer((request, response) => {
      response.setHeader('set-cookie', '__Host-session=1; Path=/; Secure; HttpOnly; SameSite=Lax')
      response.end(request.headers.cookie ?? 'none')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const page = await browser.newPage()
    const seen: (string | null)[] = []
    for (let visit = 0; visit < 2; visit++) {
      await page.goto(`http://localhost:${port}/`)
      seen.push(await page.textContent('body'))
    }
    expect(seen).toEqual(['none', '__Host-session=1'])
    await page.context().close()
    server.closeAllConnections()
    server.close()
  })

  test('finds what is wrong with a page', async () => {
    const page = await browser.newPage()
    await page.setContent('<!doctype html><html><body><input><p style="color:#bbb">Faint</p></body></html>')
    const found = (await axe(page)).map(({ id }) => id)
    expect(found).toEqual(expect.arrayContaining(['html-has-lang', 'label', 'color-contrast', 'document-title']))
    await page.context().close()
  })
})
