import { X509Certificate } from 'node:crypto'
import { invalidRequest } from '../../shared/protocol/error.ts'
import { decodeBase64 } from './base64.ts'

/** Shorter RSA keys can be broken by those who want to. Bits. */
const shortestRsa = 2048

const curves: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' }

export interface Certificate {
  readonly type: 'rsa' | 'ec'
  /** WebCrypto's name, for `ec`. */
  readonly curve: string | undefined
  /** The public key, DER. */
  readonly spki: Uint8Array
  /** Seconds. */
  readonly notBefore: number
  readonly notAfter: number
}

/**
 * A certificate as metadata carries it. It is a box for a key: partners agree on it by exchanging metadata, so neither
 * its issuer nor its dates decide anything about a signature (Metadata §2.4.1.1, XML Signature §4.5.4).
 * @param base64 DER in base64.
 * @throws OAuthError invalid_request
 */
export function readCertificate(base64: string): Certificate {
  let x509: X509Certificate
  try {
    x509 = new X509Certificate(decodeBase64(base64))
  } catch (error) {
    throw invalidRequest('a certificate cannot be read', error)
  }
  const key = x509.publicKey
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {}
  const curve = curves[namedCurve ?? '']
  const isRsa = key.asymmetricKeyType === 'rsa' && (modulusLength ?? 0) >= shortestRsa
  if (!isRsa && !(key.asymmetricKeyType === 'ec' && curve !== undefined))
    throw invalidRequest('a certificate holds a key that is not accepted')
  return {
    type: isRsa ? 'rsa' : 'ec',
    curve: isRsa ? undefined : curve,
    spki: new Uint8Array(key.export({ type: 'spki', format: 'der' })),
    notBefore: seconds(x509.validFrom),
    notAfter: seconds(x509.validTo),
  }
}

function seconds(date: string): number {
  return Math.floor(Date.parse(date) / 1000)
}
