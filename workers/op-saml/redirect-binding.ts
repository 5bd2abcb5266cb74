import { invalidRequest } from '../../shared/protocol/error.ts'
import { ourSignatureMethod } from './algorithms.ts'
import { decodeBase64, decodeUtf8, encodeBase64 } from './base64.ts'
import { deflate, inflate } from './inflate.ts'
import { type SamlSigner, signOctets } from './sign.ts'

/** A signature beside the message, over the octets of the address as they came (Bindings §3.4.4.1). */
export interface DetachedSignature {
  readonly algorithm: string
  readonly value: Uint8Array
  readonly octets: Uint8Array
}

export interface RedirectMessage {
  readonly parameter: 'SAMLRequest' | 'SAMLResponse'
  readonly xml: string
  readonly relayState: string | undefined
  readonly signature: DetachedSignature | undefined
}

const names = ['SAMLRequest', 'SAMLResponse', 'RelayState', 'SigAlg', 'Signature', 'SAMLEncoding'] as const
type Name = (typeof names)[number]

const deflateEncoding = 'urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE'

/**
 * The message in an address. The signature covers what is written there, octet for octet, so nothing is decoded and
 * encoded again, and a name that occurs twice or in disguise is refused: which of the two was signed?
 * @param search the query as it came, with or without `?`.
 * @throws OAuthError invalid_request, payload_too_large
 */
export async function readRedirect(search: string): Promise<RedirectMessage> {
  const raw = rawParameters(search)
  const [request, response] = [raw.get('SAMLRequest'), raw.get('SAMLResponse')]
  const message = request ?? response
  if (message === undefined || (request !== undefined && response !== undefined))
    throw invalidRequest('SAMLRequest or SAMLResponse is expected')
  const encoding = raw.get('SAMLEncoding')
  if (encoding !== undefined && decode(encoding) !== deflateEncoding) throw invalidRequest('SAMLEncoding is unknown')
  const parameter = request === undefined ? 'SAMLResponse' : 'SAMLRequest'
  const relayState = raw.get('RelayState')
  return {
    parameter,
    xml: decodeUtf8(await inflate(decodeBase64(decode(message)))),
    relayState: relayState && decode(relayState),
    signature: detachedSignature(raw, `${parameter}=${message}`),
  }
}

function detachedSignature(raw: ReadonlyMap<Name, string>, message: string): DetachedSignature | undefined {
  const [value, algorithm, relayState] = [raw.get('Signature'), raw.get('SigAlg'), raw.get('RelayState')]
  if (value === undefined && algorithm === undefined) return undefined
  if (value === undefined || algorithm === undefined) throw invalidRequest('Signature and SigAlg belong together')
  const relay = relayState === undefined ? '' : `&RelayState=${relayState}`
  return {
    algorithm: decode(algorithm),
    value: decodeBase64(decode(value)),
    octets: new TextEncoder().encode(`${message}${relay}&SigAlg=${algorithm}`),
  }
}

/** Our parameters as written. Others may be there, they mean nothing. */
function rawParameters(search: string): Map<Name, string> {
  const found = new Map<Name, string>()
  for (const pair of search.replace(/^\?/, '').split('&')) {
    const [written = '', ...rest] = pair.split('=')
    const name = names.find((each) => each.toLowerCase() === decode(written).trim().toLowerCase())
    if (name === undefined) continue
    if (written !== name || found.has(name)) throw invalidRequest('a SAML parameter occurs twice or in disguise')
    found.set(name, rest.join('='))
  }
  return found
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch (error) {
    throw invalidRequest('the query is not well-formed', error)
  }
}

/** The address that carries a message of ours, signed. */
export async function redirectAddress(
  destination: string,
  message: { parameter: 'SAMLRequest' | 'SAMLResponse'; xml: string; relayState: string | undefined },
  signer: SamlSigner,
): Promise<string> {
  const { parameter, xml, relayState } = message
  const encoded = encodeURIComponent(encodeBase64(await deflate(xml)))
  const relay = relayState === undefined ? '' : `&RelayState=${encodeURIComponent(relayState)}`
  const query = `${parameter}=${encoded}${relay}&SigAlg=${encodeURIComponent(ourSignatureMethod)}`
  const signature = encodeURIComponent(encodeBase64(await signOctets(signer, new TextEncoder().encode(query))))
  return `${destination}${destination.includes('?') ? '&' : '?'}${query}&Signature=${signature}`
}
