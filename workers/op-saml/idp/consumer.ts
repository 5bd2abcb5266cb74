import type { AssertionConsumer, ServiceProvider } from '../../../shared/protocol/saml-partner.ts'
import { bindings } from '../bindings.ts'

/** What a request says about where the answer goes. */
interface Asked {
  readonly acsUrl?: string | undefined
  readonly acsIndex?: number | undefined
  readonly binding?: string | undefined
}

/**
 * Where an answer goes: always an address of the partner's metadata, never one of the message alone (Core §3.4.1,
 * Profiles §4.1.4.1). Undefined when the request asks for another.
 */
export function consumerOf({ acs }: ServiceProvider, asked: Asked): AssertionConsumer | undefined {
  const usable = acs.filter(({ binding }) => binding === bindings.post)
  if (asked.binding !== undefined && asked.binding !== bindings.post) return undefined
  // Two ways to say where leave open which of them counts (Core §3.4.1).
  if (asked.acsUrl !== undefined && asked.acsIndex !== undefined) return undefined
  if (asked.acsUrl !== undefined) return usable.find(({ url }) => url === asked.acsUrl)
  if (asked.acsIndex !== undefined) return usable.find(({ index }) => index === asked.acsIndex)
  return usable.find(({ isDefault }) => isDefault) ?? usable[0]
}
