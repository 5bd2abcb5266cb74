import type { Node } from './xmldom.d.ts'

/** What op-saml uses of xml-crypto: Exclusive XML Canonicalization 1.0 without comments. */
export class ExclusiveCanonicalization {
  process(
    node: Node,
    options: {
      readonly inclusiveNamespacesPrefixList: readonly string[]
      readonly ancestorNamespaces: readonly { readonly prefix: string; readonly namespaceURI: string }[]
    },
  ): string
}
