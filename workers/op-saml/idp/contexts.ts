import type { AuthnRequest } from '../authn-request.ts'

const classes = 'urn:oasis:names:tc:SAML:2.0:ac:classes:'

/** Authentication contexts that we tell apart, weakest first. */
const strengths: readonly string[] = [
  `${classes}unspecified`,
  `${classes}Password`,
  `${classes}PasswordProtectedTransport`,
  'https://refeds.org/profile/mfa',
]

/** How somebody signed in, in SAML's words, from the session's `amr`. */
export function contextOf(amr: readonly string[]): string {
  if (amr.includes('mfa')) return 'https://refeds.org/profile/mfa'
  return amr.includes('pwd') ? `${classes}PasswordProtectedTransport` : `${classes}unspecified`
}

/**
 * The class to say in the assertion if a sign-in satisfies the request (Core §3.3.2.2.1); undefined if it does not.
 * A password over TLS is a password, too.
 */
export function satisfiedContext(requested: AuthnRequest['contexts'], amr: readonly string[]): string | undefined {
  const actual = contextOf(amr)
  if (!requested || requested.classes.length === 0) return actual
  const rank = strengths.indexOf(actual)
  const ranks = requested.classes.map((name) => strengths.indexOf(name)).filter((each) => each >= 0)
  const isMet: Record<typeof requested.comparison, boolean> = {
    exact: false,
    minimum: ranks.some((each) => rank >= each),
    maximum: ranks.some((each) => rank <= each),
    better: ranks.length > 0 && ranks.every((each) => rank > each),
  }
  if (isMet[requested.comparison]) return actual
  if (requested.comparison !== 'exact') return undefined
  return requested.classes.find((name) => name === actual || isSaidOf(name, actual))
}

function isSaidOf(name: string, actual: string): boolean {
  const isPassword = actual === `${classes}PasswordProtectedTransport`
  return name === `${classes}unspecified` || (isPassword && name === `${classes}Password`)
}
