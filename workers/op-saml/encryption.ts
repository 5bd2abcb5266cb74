import type { Element } from './xml/types/xmldom.d.ts'
import { invalidRequest } from '../../shared/protocol/error.ts'
import { decodeBase64, decodeUtf8, encodeBase64 } from './base64.ts'
import { readCertificate } from './certificate.ts'
import { ns } from './xml/namespaces.ts'
import { attributeOf, childOf, childrenOf, requiredAttribute, requiredChild, tokenOf } from './xml/read.ts'
import { element, type Markup, type Raw } from './xml/write.ts'

/** Data ciphers that authenticate; CBC lets a stranger try texts until one parses. Values: octets of the key. */
const dataCiphers: Readonly<Record<string, number>> = {
  'http://www.w3.org/2009/xmlenc11#aes128-gcm': 16,
  'http://www.w3.org/2009/xmlenc11#aes192-gcm': 24,
  'http://www.w3.org/2009/xmlenc11#aes256-gcm': 32,
}

const aes256Gcm = 'http://www.w3.org/2009/xmlenc11#aes256-gcm'
const oaepMgf1p = 'http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p'
const oaep = 'http://www.w3.org/2009/xmlenc11#rsa-oaep'

const sha1 = 'http://www.w3.org/2000/09/xmldsig#sha1'
const oaepHashes: Readonly<Record<string, string>> = {
  [sha1]: 'SHA-1',
  'http://www.w3.org/2001/04/xmlenc#sha256': 'SHA-256',
  'http://www.w3.org/2001/04/xmldsig-more#sha384': 'SHA-384',
  'http://www.w3.org/2001/04/xmlenc#sha512': 'SHA-512',
}
const maskHashes: Readonly<Record<string, string>> = {
  'http://www.w3.org/2009/xmlenc11#mgf1sha1': 'SHA-1',
  'http://www.w3.org/2009/xmlenc11#mgf1sha256': 'SHA-256',
  'http://www.w3.org/2009/xmlenc11#mgf1sha384': 'SHA-384',
  'http://www.w3.org/2009/xmlenc11#mgf1sha512': 'SHA-512',
}

/** GCM's nonce goes before the octets, its tag after them (XML Encryption 1.1 §5.2.4). */
const nonceLength = 12

/**
 * `EncryptedAssertion` for a partner's key (Core §6): AES-256-GCM, and RSA-OAEP in the form that every implementation
 * knows. Its SHA-1 masks a random key; nothing rests on its collisions.
 * @param certificate DER in base64, of the partner's key for encryption.
 */
export async function encryptAssertion(assertion: Raw, certificate: string): Promise<Markup> {
  const { type, spki } = readCertificate(certificate)
  if (type !== 'rsa') throw invalidRequest('assertions are encrypted for RSA keys only')
  const key = crypto.getRandomValues(new Uint8Array(32))
  const nonce = crypto.getRandomValues(new Uint8Array(nonceLength))
  const aes = await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt'])
  const text = new TextEncoder().encode(assertion.raw)
  const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, aes, text))
  const rsa = await crypto.subtle.importKey('spki', spki, { name: 'RSA-OAEP', hash: 'SHA-1' }, false, ['encrypt'])
  const wrapped = new Uint8Array(await crypto.subtle.encrypt('RSA-OAEP', rsa, key))
  const whole = new Uint8Array(nonce.length + sealed.length)
  whole.set(nonce)
  whole.set(sealed, nonce.length)
  return element(
    'saml:EncryptedAssertion',
    { 'xmlns:saml': ns.assertion },
    element(
      'xenc:EncryptedData',
      { 'xmlns:xenc': ns.encryption, Type: 'http://www.w3.org/2001/04/xmlenc#Element' },
      element('xenc:EncryptionMethod', { Algorithm: aes256Gcm }),
      element(
        'ds:KeyInfo',
        { 'xmlns:ds': ns.signature },
        element(
          'xenc:EncryptedKey',
          {},
          element('xenc:EncryptionMethod', { Algorithm: oaepMgf1p }, element('ds:DigestMethod', { Algorithm: sha1 })),
          cipherData(wrapped),
        ),
      ),
      cipherData(whole),
    ),
  )
}

/** Opens keys that were wrapped for us: RSA-OAEP with this hash for both purposes. */
export type Unwrap = (wrapped: Uint8Array, hash: string) => Promise<Uint8Array>

/**
 * The text inside of an `EncryptedAssertion` or `EncryptedID`. It says nothing about who wrote it: anybody can
 * encrypt for us, so the signature inside or around is checked afterwards.
 * @throws OAuthError invalid_request, in the same words whatever failed.
 */
export async function decryptElement(encrypted: Element, unwrap: Unwrap): Promise<string> {
  const data = requiredChild(encrypted, ns.encryption, 'EncryptedData')
  const cipher = requiredAttribute(requiredChild(data, ns.encryption, 'EncryptionMethod'), 'Algorithm')
  const keyLength = Object.hasOwn(dataCiphers, cipher) ? dataCiphers[cipher] : undefined
  if (keyLength === undefined) throw invalidRequest('the encryption algorithm is not accepted', cipher)
  const encryptedKey = keyOf(encrypted, data)
  const hash = oaepHash(requiredChild(encryptedKey, ns.encryption, 'EncryptionMethod'))
  const [wrapped, octets] = [cipherValue(encryptedKey), cipherValue(data)]
  try {
    const raw = await unwrap(wrapped, hash)
    if (raw.byteLength !== keyLength) throw new Error('the key has another length than the algorithm')
    const aes = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['decrypt'])
    const iv = octets.subarray(0, nonceLength)
    const text = await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, aes, octets.subarray(nonceLength))
    return decodeUtf8(new Uint8Array(text))
  } catch (error) {
    throw invalidRequest('the assertion cannot be decrypted', error)
  }
}

/** In the key information, or beside the data (Core §2.3.4). */
function keyOf(encrypted: Element, data: Element): Element {
  const information = childOf(data, ns.signature, 'KeyInfo')
  const inside = information && childOf(information, ns.encryption, 'EncryptedKey')
  const [beside] = childrenOf(encrypted, ns.encryption, 'EncryptedKey')
  const found = inside ?? beside
  if (!found) throw invalidRequest('EncryptedKey is missing')
  return found
}

/** WebCrypto uses one hash for both purposes of OAEP; where a message has two, it is refused. */
function oaepHash(method: Element): string {
  const algorithm = requiredAttribute(method, 'Algorithm')
  if (childOf(method, ns.encryption, 'OAEPparams')) throw invalidRequest('OAEPparams are not accepted')
  const digestMethod = childOf(method, ns.signature, 'DigestMethod')
  const digest = oaepHashes[(digestMethod && attributeOf(digestMethod, 'Algorithm')) ?? sha1]
  const mask = algorithm === oaep ? childOf(method, ns.encryption11, 'MGF') : undefined
  const masked = mask ? maskHashes[attributeOf(mask, 'Algorithm') ?? ''] : 'SHA-1'
  if ((algorithm !== oaep && algorithm !== oaepMgf1p) || digest === undefined || digest !== masked)
    throw invalidRequest('the key encryption algorithm is not accepted', algorithm)
  return digest
}

function cipherValue(element: Element): Uint8Array {
  const data = requiredChild(element, ns.encryption, 'CipherData')
  return decodeBase64(tokenOf(requiredChild(data, ns.encryption, 'CipherValue')))
}

function cipherData(octets: Uint8Array): Markup {
  return element('xenc:CipherData', {}, element('xenc:CipherValue', {}, encodeBase64(octets)))
}
