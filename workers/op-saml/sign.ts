import { invalidRequest } from '../../shared/protocol/error.ts'
import { ourDigestMethod, ourSignatureMethod } from './algorithms.ts'
import { encodeBase64 } from './base64.ts'
import { canonical } from './xml/canonical.ts'
import { ns } from './xml/namespaces.ts'
import { parseXml } from './xml/parse.ts'
import { childOf } from './xml/read.ts'
import { element, type Markup, type Raw, writeXml } from './xml/write.ts'

/** Our key for SAML as this isolate holds it, and the certificate in which partners have it. */
export interface SamlSigner {
  /** RSASSA-PKCS1-v1_5 with SHA-256. */
  readonly key: CryptoKey
  /** DER in base64. */
  readonly certificate: string
}

const encoder = new TextEncoder()

/**
 * The element with an enveloped signature (Core §5.4), right after its first child, the Issuer, where all schemas want
 * it. It declares its own namespaces, so that it may be put into any document afterwards.
 * @param markup with an `ID`.
 * @param at how many children go before the signature.
 */
export async function signed(markup: Markup, signer: SamlSigner, at = 1): Promise<Raw> {
  const root = parseXml(writeXml(markup))
  const octets = encoder.encode(canonical(root))
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', octets))
  const form = (value: string) => signatureMarkup(markup.attributes['ID'] ?? '', encodeBase64(digest), value, signer)
  const signedInfo = childOf(parseXml(writeXml(form(''))), ns.signature, 'SignedInfo')
  if (!signedInfo) throw invalidRequest('there is nothing to sign')
  const value = await signOctets(signer, encoder.encode(canonical(signedInfo)))
  const content = [...markup.content.slice(0, at), form(encodeBase64(value)), ...markup.content.slice(at)]
  return { raw: writeXml({ ...markup, content }) }
}

export async function signOctets(signer: SamlSigner, octets: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.sign('RSASSA-PKCS1-v1_5', signer.key, octets))
}

function signatureMarkup(id: string, digest: string, value: string, signer: SamlSigner): Markup {
  return element(
    'ds:Signature',
    { 'xmlns:ds': ns.signature },
    element(
      'ds:SignedInfo',
      {},
      element('ds:CanonicalizationMethod', { Algorithm: ns.exclusiveC14n }),
      element('ds:SignatureMethod', { Algorithm: ourSignatureMethod }),
      element(
        'ds:Reference',
        { URI: `#${id}` },
        element(
          'ds:Transforms',
          {},
          element('ds:Transform', { Algorithm: 'http://www.w3.org/2000/09/xmldsig#enveloped-signature' }),
          element('ds:Transform', { Algorithm: ns.exclusiveC14n }),
        ),
        element('ds:DigestMethod', { Algorithm: ourDigestMethod }),
        element('ds:DigestValue', {}, digest),
      ),
    ),
    element('ds:SignatureValue', {}, value),
    keyInfo(signer.certificate),
  )
}

export function keyInfo(certificate: string): Markup {
  return element(
    'ds:KeyInfo',
    { 'xmlns:ds': ns.signature },
    element('ds:X509Data', {}, element('ds:X509Certificate', {}, certificate)),
  )
}
