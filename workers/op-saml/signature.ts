import type { Element } from './xml/types/xmldom.d.ts'
import { invalidRequest } from '../../shared/protocol/error.ts'
import { digestHash } from './algorithms.ts'
import { decodeBase64 } from './base64.ts'
import { isSignedBy } from './verify.ts'
import { canonical } from './xml/canonical.ts'
import type { XmlLimits } from './xml/guard.ts'
import { ns } from './xml/namespaces.ts'
import { parseXml } from './xml/parse.ts'
import {
  attributeOf,
  attributesOf,
  childOf,
  descendantsOf,
  elementsOf,
  hasComment,
  isNamed,
  requiredAttribute,
  tokenOf,
} from './xml/read.ts'

const enveloped = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature'

const encoder = new TextEncoder()

/** A signature that has the one form which counts; nothing of it is proven yet. */
interface Signature {
  readonly element: Element
  readonly signedInfo: Element
  readonly algorithm: string
  readonly value: Uint8Array
  readonly digestAlgorithm: string
  readonly digest: Uint8Array
  readonly reference: string
  readonly infoPrefixes: readonly string[]
  readonly prefixes: readonly string[]
}

/**
 * Verifies the signature that an element envelops, with keys that metadata gave and none from the message. Answers the
 * element parsed again from the very octets that were signed, so that nothing else can be read by mistake; undefined
 * if the element has no signature.
 * @param root of the document that the element is in: the reference has to lead to it and to nothing else there.
 * @param limits of the document, where they are not those of messages.
 * @throws OAuthError invalid_request for a signature that does not count or is wrong.
 */
export async function verifySigned(
  root: Element,
  element: Element,
  certificates: readonly string[],
  limits?: XmlLimits,
): Promise<Element | undefined> {
  const found = childOf(element, ns.signature, 'Signature')
  if (!found) return undefined
  const signature = readSignature(found)
  if (referenced(root, signature.reference) !== element) throw refused('the signature is of another element')
  const octets = canonicalOctets(element, found, signature.prefixes)
  const digest = await crypto.subtle.digest(digestHash(signature.digestAlgorithm), octets)
  if (!isSame(new Uint8Array(digest), signature.digest)) throw refused('the signed element was changed')
  const info = canonicalOctets(signature.signedInfo, undefined, signature.infoPrefixes)
  if (!(await isSignedBy(certificates, signature.algorithm, signature.value, info)))
    throw refused('no key of the partner made the signature')
  return parseXml(new TextDecoder().decode(octets), limits)
}

/**
 * Refuses a document with signatures anywhere but on these elements: what is signed elsewhere was moved there.
 * @throws OAuthError invalid_request
 */
export function refuseOtherSignatures(root: Element, elements: readonly Element[]): void {
  const allowed = elements.map((element) => childOf(element, ns.signature, 'Signature'))
  for (const element of descendantsOf(root))
    if (isNamed(element, ns.signature, 'Signature') && !allowed.includes(element))
      throw refused('a signature in an unexpected place')
}

/** The one element with this ID. Whatever looks like an ID counts, since another reader may take it for one. */
function referenced(root: Element, id: string): Element {
  const ids = new Map<string, Element>()
  for (const element of descendantsOf(root))
    for (const { localName, value } of attributesOf(element)) {
      if (localName.toLowerCase() !== 'id') continue
      if (ids.has(value)) throw refused('an ID occurs twice')
      ids.set(value, element)
    }
  const found = ids.get(id)
  if (!found || attributeOf(found, 'ID') !== id) throw refused('the signature refers to nothing')
  return found
}

/** XML Signature §4 as SAML profiles it (Core §5.4), held to exactly one form. */
function readSignature(element: Element): Signature {
  if (hasComment(element)) throw refused('a comment in the signature')
  const [signedInfo, value, keyInfo] = exactly(element, ['SignedInfo', 'SignatureValue'], 'KeyInfo')
  if (!signedInfo || !value) throw refused('the form of the signature')
  // A key in the message is a stranger's claim. It is not even looked at.
  void keyInfo
  const [c14n, method, reference] = exactly(signedInfo, ['CanonicalizationMethod', 'SignatureMethod', 'Reference'])
  if (!c14n || !method || !reference || elementsOf(method).length > 0) throw refused('the form of the signature')
  const [transforms, digestMethod, digestValue] = exactly(reference, ['Transforms', 'DigestMethod', 'DigestValue'])
  if (!transforms || !digestMethod || !digestValue || elementsOf(digestMethod).length > 0)
    throw refused('the form of the signature')
  const [first, second] = exactly(transforms, ['Transform', 'Transform'])
  if (!first || !second || attributeOf(first, 'Algorithm') !== enveloped || elementsOf(first).length > 0)
    throw refused('the transforms')
  const uri = requiredAttribute(reference, 'URI')
  if (!uri.startsWith('#')) throw refused('the reference')
  return {
    element,
    signedInfo,
    algorithm: requiredAttribute(method, 'Algorithm'),
    value: decodeBase64(tokenOf(value)),
    digestAlgorithm: requiredAttribute(digestMethod, 'Algorithm'),
    digest: decodeBase64(tokenOf(digestValue)),
    reference: uri.slice(1),
    infoPrefixes: canonicalizationPrefixes(c14n),
    prefixes: canonicalizationPrefixes(second),
  }
}

/** The children, which have to be these in this order and, at most, the optional one after them. */
function exactly(element: Element, names: readonly string[], optional?: string): Element[] {
  const children = elementsOf(element)
  const wanted = children.length > names.length && optional !== undefined ? [...names, optional] : names
  if (children.length !== wanted.length) throw refused('the form of the signature')
  for (const [index, child] of children.entries())
    if (!isNamed(child, ns.signature, wanted[index] ?? '')) throw refused('the form of the signature')
  return children
}

/** Only exclusive canonicalisation without comments, whose one parameter is a list of prefixes. */
function canonicalizationPrefixes(element: Element): string[] {
  if (attributeOf(element, 'Algorithm') !== ns.exclusiveC14n) throw refused('the canonicalisation')
  const [inclusive, more] = elementsOf(element)
  if (!inclusive) return []
  if (more || !isNamed(inclusive, ns.exclusiveC14n, 'InclusiveNamespaces') || elementsOf(inclusive).length > 0)
    throw refused('the canonicalisation')
  return (attributeOf(inclusive, 'PrefixList') ?? '').split(/\s+/).filter((prefix) => prefix !== '')
}

function canonicalOctets(element: Element, without: Element | undefined, prefixes: readonly string[]): Uint8Array {
  try {
    return encoder.encode(canonical(element, without, prefixes))
  } catch (error) {
    throw invalidRequest('the signed element has no canonical form', error)
  }
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((octet, index) => octet === other[index])
}

function refused(why: string): Error {
  return invalidRequest('the signature is not accepted', why)
}
