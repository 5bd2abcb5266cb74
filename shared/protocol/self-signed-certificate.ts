import * as der from './der.ts'

/** RSA with PKCS #1 v1.5 and SHA-256, the one signature every SAML product verifies. */
const signatureAlgorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as const

/** An upper bound of RFC 5280 (ub-common-name). */
const longestName = 64

export interface CertificateSubject {
  /** Cut where a certificate has no more room for it. */
  readonly commonName: string
  /** Seconds. */
  readonly notBefore: number
  readonly notAfter: number
}

/**
 * A self-signed X.509 certificate (RFC 5280), DER, for a key that signs and decrypts SAML messages. It vouches for
 * nothing: partners take the key from metadata, and many of their products want it in this envelope.
 */
export async function selfSignedCertificate(
  keys: Pick<CryptoKeyPair, 'publicKey' | 'privateKey'>,
  subject: CertificateSubject,
): Promise<der.Der> {
  const algorithm = der.sequence(der.objectIdentifier('1.2.840.113549.1.1.11'), der.nothing())
  const name = der.sequence(
    der.set(der.sequence(der.objectIdentifier('2.5.4.3'), der.utf8String(subject.commonName.slice(0, longestName)))),
  )
  const exported = await crypto.subtle.exportKey('spki', keys.publicKey)
  if (!(exported instanceof ArrayBuffer)) throw new Error('the public key has no octets')
  const publicKey = new Uint8Array(exported)
  const certificate = der.sequence(
    der.tagged(0, der.integer(Uint8Array.of(2))),
    der.integer(crypto.getRandomValues(new Uint8Array(16))),
    algorithm,
    name,
    der.sequence(der.time(subject.notBefore), der.time(subject.notAfter)),
    name,
    publicKey,
    der.tagged(3, der.sequence(...(await extensions(publicKey)))),
  )
  const signature = await crypto.subtle.sign(signatureAlgorithm, keys.privateKey, certificate)
  return der.sequence(certificate, algorithm, der.bitString(new Uint8Array(signature)))
}

async function extensions(publicKey: der.Der): Promise<der.Der[]> {
  const identifier = new Uint8Array(await crypto.subtle.digest('SHA-256', publicKey)).subarray(0, 20)
  const noAuthority = der.sequence()
  const digitalSignatureAndKeyEncipherment = der.bitString(Uint8Array.of(0b1010_0000), 5)
  return [
    extension('2.5.29.19', true, noAuthority),
    extension('2.5.29.15', true, digitalSignatureAndKeyEncipherment),
    extension('2.5.29.14', false, der.octetString(identifier)),
  ]
}

function extension(identifier: string, critical: boolean, value: der.Der): der.Der {
  const marks = critical ? [der.boolean(true)] : []
  return der.sequence(der.objectIdentifier(identifier), ...marks, der.octetString(value))
}
