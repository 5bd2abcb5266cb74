/** Claims that each scope asks for, OpenID Connect Core §5.4. */
export const scopeClaims = {
  profile: [
    'name',
    'family_name',
    'given_name',
    'middle_name',
    'nickname',
    'preferred_username',
    'profile',
    'picture',
    'website',
    'gender',
    'birthdate',
    'zoneinfo',
    'locale',
    'updated_at',
  ],
  email: ['email', 'email_verified'],
  address: ['address'],
  phone: ['phone_number', 'phone_number_verified'],
} as const

export type ClaimScope = keyof typeof scopeClaims

/** Scopes that the provider itself knows; others belong to resource servers. */
export const standardScopes: readonly string[] = ['openid', 'profile', 'email', 'address', 'phone', 'offline_access']

function isClaimScope(scope: string): scope is ClaimScope {
  return Object.hasOwn(scopeClaims, scope)
}

/** The person's claims that the scopes release; absent ones are left out, never null or empty (Core §5.3.2). */
export function releasedClaims(claims: Record<string, unknown>, scopes: readonly string[]): Record<string, unknown> {
  const names = scopes.filter(isClaimScope).flatMap((scope): readonly string[] => scopeClaims[scope])
  return Object.fromEntries(names.filter((name) => !isAbsent(claims[name])).map((name) => [name, claims[name]]))
}

function isAbsent(claim: unknown): boolean {
  return claim === undefined || claim === null || claim === ''
}
