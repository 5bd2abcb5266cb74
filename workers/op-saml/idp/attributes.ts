import type { ReleasedAttribute } from '../../../shared/protocol/saml-partner.ts'
import { type User, userClaims, userName } from '../../../shared/stores/users.ts'
import type { Attribute } from '../assertion.ts'

/**
 * The attributes of a person that a partner gets; those without a value are left out, and so is an address that is not
 * proven, since partners open the account of whoever has it.
 */
export function releasedAttributes(user: User, chosen: readonly ReleasedAttribute[]): Attribute[] {
  const claims: Record<string, unknown> = {
    ...userClaims(user),
    email: user.emailVerified ? user.email : undefined,
    name: userName(user),
    username: user.username,
    sub: user.sub,
  }
  return chosen
    .map(({ source, name, nameFormat, friendlyName }) => ({
      name,
      nameFormat,
      friendlyName,
      values: valuesOf(claims[source]),
    }))
    .filter(({ values }) => values.length > 0)
}

function valuesOf(claim: unknown): string[] {
  const values: unknown[] = Array.isArray(claim) ? claim : [claim]
  return values.flatMap((value) => {
    if (typeof value === 'string') return value === '' ? [] : [value]
    return typeof value === 'number' || typeof value === 'boolean' ? [String(value)] : []
  })
}
