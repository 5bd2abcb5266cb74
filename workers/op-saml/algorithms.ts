import { invalidRequest } from '../../shared/protocol/error.ts'

type Hash = 'SHA-256' | 'SHA-384' | 'SHA-512'

/** Digests that signatures may use. SHA-1 and MD5 are not among them. */
const digests: Readonly<Record<string, Hash>> = {
  'http://www.w3.org/2001/04/xmlenc#sha256': 'SHA-256',
  'http://www.w3.org/2001/04/xmldsig-more#sha384': 'SHA-384',
  'http://www.w3.org/2001/04/xmlenc#sha512': 'SHA-512',
}

interface SignatureMethod {
  readonly type: 'rsa' | 'ec'
  readonly hash: Hash
}

/** Signatures that count. Each names its kind of key, so that no key is ever used as another kind's. */
const methods: Readonly<Record<string, SignatureMethod>> = {
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256': { type: 'rsa', hash: 'SHA-256' },
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha384': { type: 'rsa', hash: 'SHA-384' },
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512': { type: 'rsa', hash: 'SHA-512' },
  'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256': { type: 'ec', hash: 'SHA-256' },
  'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384': { type: 'ec', hash: 'SHA-384' },
  'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512': { type: 'ec', hash: 'SHA-512' },
}

/** What we sign with. */
export const ourSignatureMethod = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'
export const ourDigestMethod = 'http://www.w3.org/2001/04/xmlenc#sha256'

/** @throws OAuthError invalid_request */
export function signatureMethod(uri: string): SignatureMethod {
  const method = Object.hasOwn(methods, uri) ? methods[uri] : undefined
  if (!method) throw invalidRequest('the signature algorithm is not accepted', uri)
  return method
}

/** @throws OAuthError invalid_request */
export function digestHash(uri: string): Hash {
  const hash = Object.hasOwn(digests, uri) ? digests[uri] : undefined
  if (!hash) throw invalidRequest('the digest algorithm is not accepted', uri)
  return hash
}
