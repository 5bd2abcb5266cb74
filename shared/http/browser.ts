import { base64url } from 'jose'
import { handleHash, randomId } from '../protocol/handle.ts'
import { readCookie, setCookie } from './cookies.ts'
import type { Keyring } from '../keys/keyring.ts'
import type { WorkerContext } from './context.ts'

/** A browser keeps its mark for a day; what it binds lives an hour at most. Seconds. */
const lifetime = 86_400

interface BrowserDeps {
  readonly keyring: Keyring
}

/** The browser a request comes from, by a cookie that binds interactions and forms to it. */
export interface Browser {
  /** What interactions remember of it. */
  readonly id: string
  /** Proves that a form came from a page we gave to this browser; nobody else can compute it. */
  readonly csrf: string
}

/** The browser's mark, or undefined if it has none. */
export async function knownBrowser<Deps extends BrowserDeps>(c: WorkerContext<Deps>): Promise<Browser | undefined> {
  const cookie = readCookie(c.req.raw, 'browser')
  if (cookie === undefined) return undefined
  return (await c.var.deps.keyring.open('browser', cookie, c.var.now)) ? browserOf(cookie) : undefined
}

/** The browser's mark, given to it now if it has none. */
export async function markedBrowser<Deps extends BrowserDeps>(c: WorkerContext<Deps>): Promise<Browser> {
  const known = await knownBrowser(c)
  if (known) return known
  const { keyring } = c.var.deps
  const expiresAt = c.var.now + lifetime
  const fields = { kind: 'browser', shard: 0, expiresAt, generation: 0, id: randomId() } as const
  const cookie = await keyring.mint(fields, c.var.now)
  c.header('set-cookie', setCookie('browser', cookie, lifetime), { append: true })
  return browserOf(cookie)
}

/** Whether a posted form came from one of our pages in this browser. */
export async function isOwnForm<Deps extends BrowserDeps>(
  c: WorkerContext<Deps>,
  csrf: string | undefined,
): Promise<boolean> {
  const site = c.req.header('sec-fetch-site')
  if (site !== undefined && site !== 'same-origin') return false
  const browser = await knownBrowser(c)
  return browser !== undefined && browser.csrf === csrf
}

async function browserOf(cookie: string): Promise<Browser> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`csrf ${cookie}`))
  return { id: await handleHash(cookie), csrf: base64url.encode(new Uint8Array(digest)) }
}
