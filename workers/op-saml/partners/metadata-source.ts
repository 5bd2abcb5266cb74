import { invalidRequest } from '../../../shared/protocol/error.ts'
import type { Outbound } from '../../../shared/http/outbound.ts'
import type { PartnerMetadata, PartnerRole } from '../../../shared/protocol/saml-partner.ts'
import { readMetadata } from '../metadata-read.ts'

/** Bytes of a metadata document that is sent or fetched. */
export const largestMetadata = 1_048_576

/** How many entity ids of an aggregate an error names. */
const named = 5

const roleNames = { sp: 'service provider', idp: 'identity provider' } as const

export interface WantedEntity {
  readonly role: PartnerRole
  /** Which of several; undefined where there is only one. */
  readonly entityId: string | undefined
  /** Certificates of who has to have signed the document. */
  readonly signers: readonly string[]
}

/** Reads partners' metadata, from an address or as sent. */
export class MetadataSource {
  readonly #outbound: Outbound
  readonly #local: boolean

  constructor(outbound: Outbound, local: boolean) {
    this.#outbound = outbound
    this.#local = local
  }

  /** @throws OAuthError invalid_request saying why the address gave nothing. */
  async fetch(url: string, wanted: WantedEntity, now: number): Promise<PartnerMetadata> {
    return this.read(await this.#text(url), wanted, now)
  }

  /** @throws OAuthError invalid_request */
  async read(text: string, { role, entityId, signers }: WantedEntity, now: number): Promise<PartnerMetadata> {
    const entities = await readMetadata(text, { now, entityId, certificates: signers, local: this.#local })
    const found = entities.filter((each) => each.role === role)
    const [only, another] = found
    if (!only) throw invalidRequest(`the metadata describes no ${roleNames[role]}`)
    if (!another) return only
    const names = found.slice(0, named).map((each) => each.entityId)
    const rest = found.length > named ? ` and ${found.length - named} more` : ''
    throw invalidRequest(`the metadata holds ${found.length} entities, name one of them: ${names.join(' ')}${rest}`)
  }

  async #text(url: string): Promise<string> {
    let response: Response
    try {
      response = await this.#outbound.fetch(url, { headers: { accept: 'application/samlmetadata+xml, */*;q=0.5' } })
    } catch (error) {
      throw invalidRequest('the metadata address cannot be fetched', error)
    }
    if (response.status !== 200) throw invalidRequest(`the metadata address answered ${response.status}`)
    return response.text()
  }
}
