/** The forms an issuer may take (OpenID Connect Discovery §3, RFC 8414 §2, and what a Worker's routes can serve). */

export const issuerForm =
  'https://<host name>, such as https://id.example.com, or http://localhost:<port>; without path, query, fragment or trailing slash'

/** True for host names that never leave this machine. */
export function isLoopbackHost(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127(\.\d{1,3}){3}$/.test(hostname)
  )
}

/** True for an issuer that authrim can serve. */
export function isIssuer(issuer: string): boolean {
  const url = URL.parse(issuer)
  // The origin is lower case, without default port, user, path or slash: an issuer that differs is none.
  if (!url || url.origin !== issuer) return false
  if (isLoopbackHost(url.hostname)) return url.protocol === 'http:' || url.protocol === 'https:'
  return url.protocol === 'https:' && url.port === '' && isHostName(url.hostname)
}

/** A registered name of two labels or more; no address. */
export function isHostName(name: string): boolean {
  return name.length <= 253 && /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$/.test(name)
}

/** True when the host is the zone or lies below it. */
export function isInZone(issuer: string, zone: string): boolean {
  const host = new URL(issuer).hostname
  return host === zone || host.endsWith(`.${zone}`)
}
