/** A person. Times are seconds since the epoch. */
export interface User {
  /** Random, stable and never reused. */
  readonly sub: string
  readonly username: string | undefined
  readonly email: string
  readonly emailVerified: boolean
  /** Standard claims beyond those above, as OpenID Connect Core §5.1 spells them. */
  readonly claims: Readonly<Record<string, unknown>>
  readonly disabled: boolean
  readonly createdAt: number
  readonly updatedAt: number
}

/** Every claim about a person that a scope may release. */
export function userClaims(user: User): Record<string, unknown> {
  return {
    ...user.claims,
    preferred_username: user.claims['preferred_username'] ?? user.username,
    email: user.email,
    email_verified: user.emailVerified,
    updated_at: user.updatedAt,
  }
}

/** What pages call the person. */
export function userName(user: User): string {
  const { name } = user.claims
  return typeof name === 'string' && name !== '' ? name : (user.username ?? user.email)
}

/** The form in which names and addresses are looked up. */
export function lookupKey(text: string): string {
  return text.normalize('NFKC').trim().toLowerCase()
}
