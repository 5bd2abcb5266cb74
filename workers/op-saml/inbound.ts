import type { Element } from './xml/types/xmldom.d.ts'
import { invalidRequest } from '../../shared/protocol/error.ts'
import type { Parameters } from '../../shared/protocol/parameters.ts'
import { decodeBase64, decodeUtf8 } from './base64.ts'
import { type DetachedSignature, readRedirect } from './redirect-binding.ts'
import { refuseOtherSignatures, verifySigned } from './signature.ts'
import { isSignedBy } from './verify.ts'
import { parseXml } from './xml/parse.ts'

/** Bindings §3.4.3 allows no more. Octets. */
const longestRelayState = 80

/** A protocol message as it came. Nothing in it is believed yet. */
export interface Inbound {
  readonly parameter: 'SAMLRequest' | 'SAMLResponse'
  readonly root: Element
  /** Of a request: returned as it came, and never understood. What comes with an answer tells us nothing. */
  readonly relayState: string | undefined
  /** Of the Redirect binding; others have theirs in the message. */
  readonly signature: DetachedSignature | undefined
}

/** @throws OAuthError invalid_request, payload_too_large */
export async function fromRedirect(search: string): Promise<Inbound> {
  const { parameter, xml, relayState, signature } = await readRedirect(search)
  return { parameter, root: parseXml(xml), relayState: stateOf(parameter, relayState), signature }
}

/** @throws OAuthError invalid_request, payload_too_large */
export function fromPost(form: Parameters): Inbound {
  const [request, response] = [form.get('SAMLRequest'), form.get('SAMLResponse')]
  const message = request ?? response
  if (message === undefined || (request !== undefined && response !== undefined))
    throw invalidRequest('SAMLRequest or SAMLResponse is expected')
  if (form.repeated.length > 0) throw invalidRequest('a parameter occurs twice')
  const parameter = request === undefined ? 'SAMLResponse' : 'SAMLRequest'
  return {
    parameter,
    root: parseXml(decodeUtf8(decodeBase64(message))),
    relayState: stateOf(parameter, form.get('RelayState')),
    signature: undefined,
  }
}

/**
 * The message to read, after its signature was checked. A wrong signature is never overlooked, required or not.
 * @param required whether a message without a signature is refused.
 * @throws OAuthError invalid_request
 */
export async function believable(
  { root, signature }: Inbound,
  certificates: readonly string[],
  required: boolean,
): Promise<{ message: Element; isSigned: boolean }> {
  if (signature) {
    refuseOtherSignatures(root, [])
    if (!(await isSignedBy(certificates, signature.algorithm, signature.value, signature.octets)))
      throw invalidRequest('the signature is not accepted', 'no key of the partner made the signature')
    return { message: root, isSigned: true }
  }
  refuseOtherSignatures(root, [root])
  const verified = await verifySigned(root, root, certificates)
  if (!verified && required) throw invalidRequest('the message has to be signed')
  return { message: verified ?? root, isSigned: verified !== undefined }
}

function stateOf(parameter: Inbound['parameter'], relayState: string | undefined): string | undefined {
  return parameter === 'SAMLRequest' ? limitedRelayState(relayState) : undefined
}

/** @throws OAuthError invalid_request */
export function limitedRelayState(relayState: string | undefined): string | undefined {
  if (relayState !== undefined && new TextEncoder().encode(relayState).byteLength > longestRelayState)
    throw invalidRequest('RelayState is longer than 80 octets')
  return relayState
}
