import type { Page } from 'playwright-core'

interface Person {
  readonly username: string
  readonly password: string
}

/** Fills the sign-in page as a person does, and sends it. */
export async function signIn(page: Page, { username, password }: Person): Promise<void> {
  await page.getByLabel('Email or user name').fill(username)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

export async function allow(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Allow' }).click()
}

/** Goes to an authorization request, signs in and consents; answers the callback of the client. */
export async function goThrough(page: Page, request: string | URL, person: Person): Promise<URL> {
  await page.goto(String(request))
  await signIn(page, person)
  await allow(page)
  return arrival(page)
}

/** The address of another site's page, once the browser is there. */
export async function arrival(page: Page, pathname = '/callback'): Promise<URL> {
  await page.waitForURL((url) => url.hostname === '127.0.0.1' && url.pathname === pathname)
  return new URL(page.url())
}

/** What a page is about. */
export async function heading(page: Page): Promise<string | null> {
  return page.getByRole('heading', { level: 1 }).textContent()
}
