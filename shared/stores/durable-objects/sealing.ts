import { base64url } from 'jose'

/**
 * Seals what must not be readable at rest with AES-GCM under a key derived from the one secret. `label` binds the
 * sealed text to its place, so that one record cannot be passed off as another.
 */
export class Seal {
  readonly #key: Promise<CryptoKey>

  /** @param secret 256 bits, base64url. */
  constructor(secret: string) {
    this.#key = sealingKey(secret)
  }

  async seal(label: string, plain: string): Promise<string> {
    const iv = crypto.getRandomValues(new Uint8Array(12))
    const parameters = { name: 'AES-GCM', iv, additionalData: encoder.encode(label) }
    const sealed = new Uint8Array(await crypto.subtle.encrypt(parameters, await this.#key, encoder.encode(plain)))
    return `${base64url.encode(iv)}.${base64url.encode(sealed)}`
  }

  /** @throws when the secret is not the one it was sealed under: better no keys than wrong ones. */
  async open(label: string, text: string): Promise<string> {
    const [iv = '', sealed = ''] = text.split('.')
    const parameters = { name: 'AES-GCM', iv: base64url.decode(iv), additionalData: encoder.encode(label) }
    return decoder.decode(await crypto.subtle.decrypt(parameters, await this.#key, base64url.decode(sealed)))
  }
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

async function sealingKey(secret: string): Promise<CryptoKey> {
  const bytes = base64url.decode(secret)
  if (bytes.length < 32) throw new Error('AUTHRIM_SECRET must have 256 bits')
  const material = await crypto.subtle.importKey('raw', bytes, 'HKDF', false, ['deriveKey'])
  const derivation = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: encoder.encode('authrim seal') }
  return crypto.subtle.deriveKey(derivation, material, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
}
