/**
 * The policy under which every page works: nothing inline, nothing from elsewhere.
 * @param formTargets origins other than our own to which a form of this page leads. Browsers apply the rule to
 *   redirects after a submit, too, so that it names the validated redirect URI's origin (or its private-use scheme).
 */
export function contentSecurityPolicy(formTargets: readonly string[] = []): string {
  return [
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    "img-src 'self' data:",
    ['form-action', "'self'", ...new Set(formTargets.map(source))].join(' '),
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ')
}

/** The policy's name for where a URI leads: its origin, or the scheme where it has none that the grammar can say. */
function source(uri: string): string {
  const { origin, protocol, hostname } = new URL(uri)
  // A policy has no word for an IPv6 address (CSP 3 §2.3.1), which native clients on loopback use.
  return origin === 'null' || hostname.startsWith('[') ? protocol : origin
}
