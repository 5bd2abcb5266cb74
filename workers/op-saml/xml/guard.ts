import { invalidRequest, OAuthError } from '../../../shared/protocol/error.ts'
import { noCharacters } from './characters.ts'

/** How large a document may be. */
export interface XmlLimits {
  /** Bytes of UTF-8. */
  readonly bytes: number
  /** Elements, comments and CDATA sections. */
  readonly nodes: number
}

/** Messages of people and partners: a few hundred nodes, a few thousand with many groups. */
export const messageLimits: XmlLimits = { bytes: 262_144, nodes: 5000 }

/** Real documents stay far below. The parser looks for the end of each name in the whole document. */
const maximumDepth = 48
const maximumNames = 256
const maximumAttributes = 64

export interface Guarded {
  /** The document without its declaration. */
  readonly text: string
  /** The names of all elements in document order: the parser has to find the same. */
  readonly names: readonly string[]
}

/**
 * Refuses what a SAML document has no business with, before a parser sees it: document types, entities, processing
 * instructions, other encodings, depth, size, and everything that is not well-formed. The parser repairs what is
 * broken, and what is repaired in two ways is believed in two ways.
 * @throws OAuthError invalid_request, payload_too_large
 */
export function guardXml(text: string, limits = messageLimits): Guarded {
  if (text.length > limits.bytes || new TextEncoder().encode(text).byteLength > limits.bytes)
    throw new OAuthError('payload_too_large', 'the XML document is too large')
  const scan = new Scanner(text, limits.nodes)
  const start = scan.declaration()
  return { text: text.slice(start), names: scan.document() }
}

/** ASCII names only: no vocabulary of SAML has others, and fewer forms are fewer surprises. */
const name = /[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?/y
const space = /[ \t\r\n]*/y
const reference = /&(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});/y

class Scanner {
  readonly #text: string
  readonly #open: string[] = []
  readonly #names: string[] = []
  readonly #distinct = new Set<string>()
  #nodes: number
  #at = 0

  constructor(text: string, nodes: number) {
    this.#text = text
    this.#nodes = nodes
  }

  /** Passes `<?xml version="1.0" encoding="UTF-8"?>` and answers where the document begins. */
  declaration(): number {
    if (!this.#text.startsWith('<?xml')) return 0
    const end = this.#text.indexOf('?>')
    const words = this.#text
      .slice(5, end)
      .trim()
      .split(/\s+/)
      .map((word) => word.replaceAll("'", '"').toLowerCase())
    const allowed = ['version="1.0"', 'encoding="utf-8"', 'standalone="yes"', 'standalone="no"']
    if (end < 0 || words.some((word) => !allowed.includes(word))) throw refused('its declaration')
    this.#at = end + 2
    return this.#at
  }

  document(): string[] {
    while (this.#at < this.#text.length) this.#next()
    if (this.#open.length > 0) throw refused('an element without an end')
    if (this.#names.length === 0) throw refused('no element')
    return this.#names
  }

  #next(): void {
    const text = this.#text
    if (text[this.#at] !== '<') this.#characters()
    else if (text.startsWith('<!--', this.#at)) this.#comment()
    else if (text.startsWith('<![CDATA[', this.#at)) this.#cdata()
    else if (text.startsWith('<!', this.#at)) throw refused('a document type')
    else if (text.startsWith('<?', this.#at)) throw refused('a processing instruction')
    else if (text.startsWith('</', this.#at)) this.#endTag()
    else this.#startTag()
  }

  #characters(): void {
    const end = this.#find('<')
    const run = this.#text.slice(this.#at, end)
    if (this.#open.length === 0 && /[^ \t\r\n]/.test(run)) throw refused('text outside of the element')
    if (run.includes(']]>')) throw refused(']]> in text')
    this.#checkReferences(run)
    this.#at = end
  }

  #comment(): void {
    const end = this.#text.indexOf('--', this.#at + 4)
    if (end < 0 || this.#text[end + 2] !== '>') throw refused('a comment')
    this.#count()
    this.#checkCharacters(this.#text.slice(this.#at, end))
    this.#at = end + 3
  }

  #cdata(): void {
    const end = this.#text.indexOf(']]>', this.#at)
    if (end < 0 || this.#open.length === 0) throw refused('a CDATA section')
    this.#count()
    this.#checkCharacters(this.#text.slice(this.#at, end))
    this.#at = end + 3
  }

  #endTag(): void {
    this.#at += 2
    const found = this.#match(name)
    this.#match(space)
    if (found === '' || found !== this.#open.pop() || this.#text[this.#at] !== '>') throw refused('an end tag')
    this.#at += 1
  }

  #startTag(): void {
    this.#at += 1
    const found = this.#match(name)
    if (found === '' || (this.#open.length === 0 && this.#names.length > 0)) throw refused('a start tag')
    this.#count()
    this.#names.push(found)
    if (this.#distinct.add(found).size > maximumNames) throw refused('too many names')
    this.#attributes()
    if (this.#text.startsWith('/>', this.#at)) this.#at += 2
    else if (this.#text[this.#at] === '>') {
      this.#at += 1
      this.#open.push(found)
    } else throw refused('a start tag')
    if (this.#open.length > maximumDepth) throw refused('its depth')
  }

  #count(): void {
    this.#nodes -= 1
    if (this.#nodes < 0) throw refused('too many nodes')
  }

  #attributes(): void {
    const seen = new Set<string>()
    for (;;) {
      const gap = this.#match(space)
      const found = this.#match(name)
      if (found === '') return
      if (gap === '' || seen.has(found)) throw refused('its attributes')
      seen.add(found)
      if (seen.size > maximumAttributes) throw refused('too many attributes')
      this.#match(space)
      if (this.#text[this.#at] !== '=') throw refused('an attribute')
      this.#at += 1
      this.#match(space)
      this.#value()
    }
  }

  #value(): void {
    const quote = this.#text[this.#at]
    if (quote !== '"' && quote !== "'") throw refused('an attribute')
    const end = this.#text.indexOf(quote, this.#at + 1)
    const value = this.#text.slice(this.#at + 1, end)
    if (end < 0 || value.includes('<')) throw refused('an attribute')
    this.#checkReferences(value)
    this.#at = end + 1
  }

  /** Only the five names that XML itself has, and characters by number. */
  #checkReferences(run: string): void {
    this.#checkCharacters(run)
    for (let at = run.indexOf('&'); at >= 0; at = run.indexOf('&', at + 1)) {
      reference.lastIndex = at
      const found = reference.exec(run)?.[0]
      if (found === undefined) throw refused('an entity')
      if (found[1] !== '#') continue
      const digits = found.slice(2, -1)
      const code = digits[0] === 'x' ? Number.parseInt(digits.slice(1), 16) : Number.parseInt(digits, 10)
      if (code > 0x10ffff || !isCharacters(String.fromCodePoint(code))) throw refused('a character')
    }
  }

  #checkCharacters(run: string): void {
    if (!isCharacters(run)) throw refused('a character')
  }

  #find(what: string): number {
    const found = this.#text.indexOf(what, this.#at)
    return found < 0 ? this.#text.length : found
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0] ?? ''
    this.#at += found.length
    return found
  }
}

/** XML 1.0 §2.2 `Char`; a lone half of a pair is none. */
function isCharacters(text: string): boolean {
  return text.isWellFormed() && !noCharacters.test(text)
}

function refused(what: string): OAuthError {
  return invalidRequest('the XML document is refused', what)
}
