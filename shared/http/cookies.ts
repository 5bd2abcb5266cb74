/** `__Host-` ties a cookie to this host and path `/`, so that no sibling domain can plant one. */
const names = {
  session: '__Host-authrim-session',
  browser: '__Host-authrim-browser',
  device: '__Host-authrim-device',
} as const

export type CookieName = keyof typeof names

/** The value of one of our cookies, or undefined. */
export function readCookie(request: Request, name: CookieName): string | undefined {
  for (const pair of request.headers.get('cookie')?.split(';') ?? []) {
    const [key, value] = pair.trim().split('=', 2)
    if (key === names[name]) return value || undefined
  }
  return undefined
}

/**
 * A `Set-Cookie` value. Lax: a link from a client's site carries the session, a form post from there does not.
 * @param maxAge seconds; 0 removes the cookie, undefined ends it with the browser.
 */
export function setCookie(name: CookieName, value: string, maxAge: number | undefined): string {
  const life = maxAge === undefined ? '' : `; Max-Age=${maxAge}`
  return `${names[name]}=${value}; Path=/; Secure; HttpOnly; SameSite=Lax${life}`
}
