/** An identity provider as the sign-in page knows it. */
export interface SignInProvider {
  readonly alias: string
  readonly name: string
  /** Whether the page offers it. */
  readonly button: boolean
  /** E-mail domains of its people. */
  readonly domains: readonly string[]
}

/** The provider that somebody's address, or a hint at a domain, belongs to. */
export function providerOf(providers: readonly SignInProvider[], identifier: string): SignInProvider | undefined {
  const domain = identifier.trim().toLowerCase().replace(/^.*@/, '')
  return providers.find(({ domains }) => domains.includes(domain))
}
