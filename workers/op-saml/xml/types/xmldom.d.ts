/** What op-saml and its tests use of @xmldom/xmldom, whose own types bring a browser's globals into a Worker. */
export interface Node {
  readonly nodeType: number
  readonly parentNode: Node | null
  readonly childNodes: ArrayLike<Node>
  textContent: string | null
  removeChild(child: Node): Node
  appendChild(child: Node): Node
  insertBefore(child: Node, before: Node | null): Node
  replaceChild(child: Node, former: Node): Node
  cloneNode(deep: boolean): Node
}

export interface Text extends Node {
  readonly data: string
}

export interface Attr extends Node {
  readonly name: string
  readonly localName: string
  readonly prefix: string | null
  readonly namespaceURI: string | null | undefined
  readonly value: string
}

export interface Element extends Node {
  readonly tagName: string
  readonly localName: string
  readonly prefix: string | null
  readonly namespaceURI: string | null | undefined
  readonly attributes: ArrayLike<Attr>
  cloneNode(deep: boolean): Element
  setAttribute(name: string, value: string): void
  getElementsByTagNameNS(namespace: string, name: string): ArrayLike<Element>
}

export interface Document extends Node {
  readonly documentElement: Element | null
  createElementNS(namespace: string, name: string): Element
  createComment(text: string): Node
  createTextNode(text: string): Text
  getElementsByTagNameNS(namespace: string, name: string): ArrayLike<Element>
}

export class DOMParser {
  constructor(options?: {
    readonly errorHandler: (level: string, message: string) => void
    readonly normalizeLineEndings: (text: string) => string
  })
  parseFromString(text: string, mimeType: 'text/xml'): Document
}

export class XMLSerializer {
  serializeToString(node: Node): string
}
