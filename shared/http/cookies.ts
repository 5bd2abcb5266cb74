export type CookieName = 'session' | 'browser' | 'device' | 'saml'

/** Ties a cookie to this host and path `/`, so that no sibling domain can plant one. */
const prefix = '__Host-authrim-'

/** The value of one of our cookies, or undefined. */
export function readCookie(request: Request, name: CookieName): string | undefined {
  for (const pair of request.headers.get('cookie')?.split(';') ?? []) {
    const [key, value] = pair.trim().split('=', 2)
    if (key === prefix + name) return value || undefined
  }
  return undefined
}

/**
 * A `Set-Cookie` value. Lax: a link from a client's site carries the session, a form post from there does not.
 * @param maxAge seconds; 0 removes the cookie, undefined ends it with the browser.
 * @param sameSite `None` for what has to come along with a post from an identity provider, and proves nothing alone.
 */
export function setCookie(
  name: CookieName,
  value: string,
  maxAge: number | undefined,
  sameSite: 'Lax' | 'None' = 'Lax',
): string {
  const life = maxAge === undefined ? '' : `; Max-Age=${maxAge}`
  return `${prefix}${name}=${value}; Path=/; Secure; HttpOnly; SameSite=${sameSite}${life}`
}
