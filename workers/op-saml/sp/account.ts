import type { IdentityProvider } from '../../../shared/protocol/saml-partner.ts'
import { type User, lookupKey } from '../../../shared/stores/users.ts'
import { nameIdFormats } from '../name-id.ts'

/** What is known when it is decided whose account somebody from an identity provider gets. */
export interface Situation {
  readonly partner: Pick<IdentityProvider, 'domains' | 'linkBy' | 'createUsers'>
  /** The person that the provider's identifier was linked to before. */
  readonly linked: User | undefined
  /** The address that the provider says. */
  readonly email: string | undefined
  /** The person who has that address here. */
  readonly owner: User | undefined
}

export type Decision =
  | { readonly account: User; readonly link: boolean }
  | { readonly create: { readonly email: string; readonly emailVerified: boolean } }
  | { readonly refuse: 'disabled' | 'taken' | 'no_account' | 'no_address' }

/**
 * Whose account it is: that which the identifier was linked to; else, if the operator allows it, that of the address,
 * when both the operator gave its domain to the provider and the account's owner has proven it; else a new one. An
 * address alone never leads to an account (SML-20): whoever runs a provider can put any address into an assertion, and
 * anybody can register an address here that is not theirs.
 */
export function decideAccount({ partner, linked, email, owner }: Situation): Decision {
  if (linked) return linked.disabled ? { refuse: 'disabled' } : { account: linked, link: false }
  const vouched = email !== undefined && partner.domains.includes(domainOf(email))
  if (owner) {
    if (partner.linkBy !== 'verified_email' || !vouched || !owner.emailVerified) return { refuse: 'taken' }
    return owner.disabled ? { refuse: 'disabled' } : { account: owner, link: true }
  }
  if (!partner.createUsers) return { refuse: 'no_account' }
  if (email === undefined) return { refuse: 'no_address' }
  return { create: { email, emailVerified: vouched } }
}

/**
 * The identifier by which somebody is known again; undefined for one that is another the next time.
 * @param subject the attribute that the operator named for it.
 */
export function lastingId(
  nameId: { readonly value: string; readonly format: string },
  subject: string | undefined,
): { readonly format: string; readonly nameId: string } | undefined {
  if (subject !== undefined) return { format: 'attribute', nameId: subject }
  if (nameId.format === nameIdFormats.transient) return undefined
  // Products change the case of addresses.
  const isAddress = nameId.format === nameIdFormats.emailAddress
  return { format: nameId.format, nameId: isAddress ? lookupKey(nameId.value) : nameId.value }
}

/** An address with a local part and a host; undefined for anything else. */
export function addressIn(text: string | undefined): string | undefined {
  const trimmed = text?.trim()
  if (trimmed === undefined || trimmed.length > 254) return undefined
  return /^[^\s@\p{C}]{1,64}@[^\s@\p{C}.]+(?:\.[^\s@\p{C}.]+)+$/u.test(trimmed) ? trimmed : undefined
}

function domainOf(email: string): string {
  return lookupKey(email.slice(email.lastIndexOf('@') + 1))
}
