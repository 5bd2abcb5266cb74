import { signatureMethod } from './algorithms.ts'
import { readCertificate } from './certificate.ts'

/**
 * Whether one of the certificates' keys made this signature. A key of another kind than the algorithm's never did.
 * @throws OAuthError invalid_request for an algorithm that is not accepted.
 */
export async function isSignedBy(
  certificates: readonly string[],
  algorithm: string,
  signature: Uint8Array,
  octets: Uint8Array,
): Promise<boolean> {
  const method = signatureMethod(algorithm)
  for (const certificate of certificates) {
    const { type, curve, spki } = readCertificate(certificate)
    if (type !== method.type) continue
    const scheme =
      type === 'rsa' ? { name: 'RSASSA-PKCS1-v1_5', hash: method.hash } : { name: 'ECDSA', namedCurve: curve ?? '' }
    const key = await crypto.subtle.importKey('spki', spki, scheme, false, ['verify'])
    if (await crypto.subtle.verify({ name: scheme.name, hash: method.hash }, key, signature, octets)) return true
  }
  return false
}
