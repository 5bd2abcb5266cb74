import { invalidRequest } from '../../shared/protocol/error.ts'

/**
 * Octets from base64 (xs:base64Binary): white space is allowed, anything else is refused rather than skipped.
 * @throws OAuthError invalid_request
 */
export function decodeBase64(text: string): Uint8Array {
  const compact = text.replaceAll(/[ \t\r\n]/g, '')
  if (compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) throw invalidRequest('base64 is expected')
  const binary = atob(compact)
  const octets = new Uint8Array(binary.length)
  for (let index = 0; index < binary.length; index++) octets[index] = binary.charCodeAt(index)
  return octets
}

export function encodeBase64(octets: Uint8Array): string {
  let binary = ''
  for (const octet of octets) binary += String.fromCharCode(octet)
  return btoa(binary)
}

/**
 * Text from octets that are UTF-8.
 * @throws OAuthError invalid_request for any other encoding.
 */
export function decodeUtf8(octets: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(octets)
  } catch (error) {
    throw invalidRequest('UTF-8 is expected', error)
  }
}
