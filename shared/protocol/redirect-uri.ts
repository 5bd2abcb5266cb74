/**
 * Whether a requested redirect URI is one of those registered: equal as strings (RFC 9700 §2.1), except that
 * a native client's loopback address may name any port (RFC 8252 §7.3).
 */
export function isRegisteredRedirectUri(requested: string, registered: readonly string[], native: boolean): boolean {
  if (registered.includes(requested)) return true
  if (!native) return false
  const withoutPort = loopbackWithoutPort(requested)
  return withoutPort !== undefined && registered.some((uri) => loopbackWithoutPort(uri) === withoutPort)
}

/** Only the two loopback literals, spelled exactly: a host name can be made to resolve elsewhere. */
const loopback = /^(http:\/\/(?:127\.0\.0\.1|\[::1\]))(?::\d{1,5})?(\/[\x21-\x7e]*)?$/

function loopbackWithoutPort(uri: string): string | undefined {
  const match = loopback.exec(uri)
  // A port beyond 65535 makes it no URI that anybody could be sent to.
  return match && URL.canParse(uri) ? `${match[1]}${match[2] ?? ''}` : undefined
}

/** The redirect URI with the response parameters added to its query (RFC 6749 §4.1.2). */
export function withQuery(redirectUri: string, parameters: Record<string, string>): string {
  const separator = redirectUri.includes('?') ? (/[?&]$/.test(redirectUri) ? '' : '&') : '?'
  return `${redirectUri}${separator}${new URLSearchParams(parameters)}`
}
