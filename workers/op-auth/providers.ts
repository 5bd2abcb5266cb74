import type { StoredInteraction } from '../../shared/http/interactions.ts'
import { type SignInProvider, providerOf } from '../../shared/stores/sign-in-providers.ts'
import type { AuthContext } from './deps.ts'

/** Where a sign-in goes on at an identity provider; op-saml comes back to the interaction. */
export function providerAddress({ alias }: SignInProvider, interaction: StoredInteraction): string {
  return `/saml/sp/login/${alias}?${new URLSearchParams({ interaction: interaction.handle })}`
}

/** The identity provider whose person this is, by the domain of an address. */
export async function providerFor(c: AuthContext, identifier: string | undefined): Promise<SignInProvider | undefined> {
  if (identifier === undefined || !identifier.includes('.')) return undefined
  return providerOf(await c.var.deps.providers.list(c.var.now), identifier)
}
