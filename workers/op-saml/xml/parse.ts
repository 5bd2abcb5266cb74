import { DOMParser } from '@xmldom/xmldom'
import type { Element } from './types/xmldom.d.ts'
import { invalidRequest } from '../../../shared/protocol/error.ts'
import { guardXml, type XmlLimits } from './guard.ts'
import { attributesOf, elementsOf } from './read.ts'

/** Elements of web pages are parsed by other rules. */
const html = 'http://www.w3.org/1999/xhtml'

/**
 * The one place where text becomes XML. Answers the root element.
 * @throws OAuthError invalid_request, payload_too_large
 */
export function parseXml(text: string, limits?: XmlLimits): Element {
  const guarded = guardXml(text, limits)
  const parser = new DOMParser({
    errorHandler: (_level, message) => {
      throw refused(message)
    },
    // XML 1.0 §2.11; the parser's own rule is that of XML 1.1 and changes more characters.
    normalizeLineEndings: (raw) => raw.replaceAll(/\r\n?/g, '\n'),
  })
  const root = parser.parseFromString(guarded.text, 'text/xml').documentElement
  if (!root) throw refused('no element')
  const names: string[] = []
  checkElement(root, names)
  if (names.length !== guarded.names.length || names.some((name, index) => name !== guarded.names[index]))
    throw refused('the parser found other elements')
  return root
}

/** Names without a namespace of theirs, or two names for one, mean different things to different readers. */
function checkElement(element: Element, names: string[]): void {
  names.push(element.tagName)
  if ((element.prefix && !element.namespaceURI) || element.namespaceURI === html) throw refused('a namespace')
  const seen = new Set<string>()
  for (const { name, prefix, localName, namespaceURI, value } of attributesOf(element)) {
    if (prefix && !namespaceURI) throw refused('a namespace')
    if (/^xmlns(:|$)/.test(name) && (/^xmlns:xml(ns)?$/.test(name) || (prefix === 'xmlns' && value === '')))
      throw refused('a namespace')
    const full = `${namespaceURI ?? ''} ${localName}`
    if (seen.has(full)) throw refused('an attribute twice')
    seen.add(full)
  }
  for (const child of elementsOf(element)) checkElement(child, names)
}

function refused(what: string): Error {
  return invalidRequest('the XML document is refused', what)
}
