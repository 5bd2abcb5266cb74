import type { Element } from './types/xmldom.d.ts'
import { ExclusiveCanonicalization } from 'xml-crypto/lib/exclusive-canonicalization.js'
import { attributesOf } from './read.ts'

/**
 * The octets of an element by Exclusive XML Canonicalization 1.0 without comments, as text.
 * @param without a child to leave out: the signature that the element envelops.
 * @param prefixes whose declarations are taken along from further up (`InclusiveNamespaces`).
 */
export function canonical(element: Element, without?: Element, prefixes: readonly string[] = []): string {
  const inherited = prefixes.length > 0 ? inheritedNamespaces(element) : []
  const copy = element.cloneNode(true)
  if (without) {
    const place = Array.from(element.childNodes).findIndex((child) => child === without)
    const child = copy.childNodes[place]
    if (child) copy.removeChild(child)
  }
  return new ExclusiveCanonicalization().process(copy, {
    inclusiveNamespacesPrefixList: prefixes,
    ancestorNamespaces: inherited,
  })
}

/** What the prefixes mean where an element stands, the nearest declaration of each. */
function inheritedNamespaces(element: Element): { prefix: string; namespaceURI: string }[] {
  const found = new Map<string, string>()
  for (let at: Element | undefined = element; at; at = parentOf(at))
    for (const { prefix, localName, value } of attributesOf(at))
      if (prefix === 'xmlns' && !found.has(localName)) found.set(localName, value)
  return [...found].map(([prefix, namespaceURI]) => ({ prefix, namespaceURI }))
}

function parentOf(element: Element): Element | undefined {
  const parent = element.parentNode
  return parent && isElement(parent) ? parent : undefined
}

function isElement(node: object): node is Element {
  return 'tagName' in node
}
