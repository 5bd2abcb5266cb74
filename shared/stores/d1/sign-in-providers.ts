import type { D1Database } from '@cloudflare/workers-types'
import type { SignInProvider } from '../sign-in-providers.ts'

type Row = { alias: string; name: string; button: number; domains: string }

/** So many are offered or found by domain. */
const most = 200

/** How long a list is used. Seconds. A provider that was stopped meanwhile refuses by itself. */
const lifetime = 30

/** The enabled identity providers, as this isolate read them last. */
export class D1SignInProviders {
  readonly #db: D1Database
  #known: { readonly readAt: number; readonly providers: readonly SignInProvider[] } | undefined

  constructor(db: D1Database) {
    this.#db = db
  }

  /** In the order of their names. None where the database does not answer: the page works without them. */
  async list(now: number): Promise<readonly SignInProvider[]> {
    if (this.#known && Math.abs(now - this.#known.readAt) < lifetime) return this.#known.providers
    const providers = await this.#read().catch(() => undefined)
    if (providers) this.#known = { readAt: now, providers }
    return providers ?? this.#known?.providers ?? []
  }

  async #read(): Promise<SignInProvider[]> {
    const { results } = await this.#db
      .prepare(
        `SELECT alias, name, button, (SELECT json_group_array(domain) FROM saml_domains
         WHERE saml_domains.entity_id = saml_partners.entity_id) AS domains
         FROM saml_partners WHERE role = 'idp' AND enabled = 1 ORDER BY name LIMIT ?`,
      )
      .bind(most)
      .all<Row>()
    return results.map(({ button, domains, ...row }) => ({
      ...row,
      button: button === 1,
      domains: JSON.parse(domains),
    }))
  }
}
