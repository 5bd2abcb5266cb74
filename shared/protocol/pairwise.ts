import { base64url } from 'jose'

const encoder = new TextEncoder()

/** The secret that pairwise identifiers derive from, usable and not readable. */
export function pairwiseKey(secret: string): Promise<CryptoKey> {
  const parameters = { name: 'HMAC', hash: 'SHA-256' }
  return crypto.subtle.importKey('raw', base64url.decode(secret), parameters, false, ['sign'])
}

/**
 * A person's identifier for one sector, 43 characters that look random: the same for every member of the sector, and of
 * no use to compare people with another (Core §8.1; SAML Core §8.3.7).
 * @param sector a SAML partner's entity id, or the host of an OpenID client's sector identifier.
 */
export async function pairwiseSubject(
  key: CryptoKey,
  kind: 'saml' | 'oidc',
  sector: string,
  sub: string,
): Promise<string> {
  // Lengths stand before the parts, so that no two triples give one text.
  const text = [kind, sector, sub].map((part) => `${encoder.encode(part).length}:${part}`).join('')
  return base64url.encode(new Uint8Array(await crypto.subtle.sign('HMAC', key, encoder.encode(text))))
}
