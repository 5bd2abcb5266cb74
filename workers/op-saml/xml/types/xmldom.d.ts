/** What op-saml uses of @xmldom/xmldom, whose own types would bring a browser's globals into a Worker. */
export interface Node {
  readonly nodeType: number
  readonly parentNode: Node | null
  readonly childNodes: { readonly length: number; readonly [index: number]: Node }
  removeChild(child: Node): Node
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
  readonly attributes: { readonly length: number; readonly [index: number]: Attr }
  cloneNode(deep: boolean): Element
}

export interface Document extends Node {
  readonly documentElement: Element | null
}

export class DOMParser {
  constructor(options: {
    readonly errorHandler: (level: string, message: string) => void
    readonly normalizeLineEndings: (text: string) => string
  })
  parseFromString(text: string, mimeType: 'text/xml'): Document
}
