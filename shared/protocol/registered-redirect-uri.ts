/** What kind of redirect URIs a client may register. */
export interface RedirectPolicy {
  readonly native: boolean
  /** In a local environment http on loopback counts like https. */
  readonly local: boolean
}

const longest = 2048

/** The characters of RFC 3986 without `#`, so that no browser and no parser of ours reads it differently. */
const syntax = /^[\w\-.~:/?[\]@!$&'()*+,;=%]+$/

/** Lower case as it stands: `JavaScript:` is not to be told apart from what it hides (attack O8). */
const scheme = /^([a-z][a-z0-9+.-]*):(.*)$/

/** Spelled exactly, since other spellings of loopback and look-alike hosts are for somebody's parser to fall for. */
const loopbackHttp = /^http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost)(?::\d{1,5})?(?:[/?].*)?$/

const https = /^https:\/\/(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])(?::\d{1,5})?(?:[/?].*)?$/i

/**
 * What is wrong with a redirect URI that somebody registers, in words that follow "a redirect URI"; undefined if it
 * is acceptable (RFC 6749 §3.1.2, RFC 8252 §7, OpenID Connect Registration §2).
 */
export function redirectUriProblem(uri: string, { native, local }: RedirectPolicy): string | undefined {
  if (uri.includes('#')) return 'must not have a fragment'
  if (uri.length > longest) return 'is too long'
  const [, name, rest] = (syntax.test(uri) && scheme.exec(uri)) || []
  if (name === undefined || rest === undefined) return 'must be an absolute URI'
  if (/%(?![0-9a-f]{2})/i.test(uri)) return 'must be an absolute URI'
  if (name === 'https') return https.test(uri) && URL.canParse(uri) ? undefined : 'must name a host and no user'
  if (name === 'http') {
    if (!(native || local)) return 'must use https'
    return loopbackHttp.test(uri) && URL.canParse(uri) ? undefined : 'must use https, or http on a loopback address'
  }
  // A private scheme is a reversed domain name, which tells it from those that browsers interpret (RFC 8252 §7.1).
  if (!native || !/^[a-z0-9+-]+(?:\.[a-z0-9+-]+)+$/.test(name)) return 'must use https'
  return rest === '' ? 'must have a path' : undefined
}
