import { noCharacters } from './characters.ts'

/** An element to be written: its qualified name, attributes (those undefined are left out) and content. */
export interface Markup {
  readonly name: string
  readonly attributes: Readonly<Record<string, string | undefined>>
  readonly content: readonly (Markup | Raw | string | undefined)[]
}

/** XML that was written before, a signed element for example, and must keep its octets. */
export interface Raw {
  readonly raw: string
}

export function element(
  name: string,
  attributes: Readonly<Record<string, string | undefined>> = {},
  ...content: readonly (Markup | Raw | string | undefined)[]
): Markup {
  return { name, attributes, content }
}

/** The text of an element; everything in it that could be taken for markup is escaped. */
export function writeXml({ name, attributes, content }: Markup): string {
  const written = Object.entries(attributes)
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .map(([key, value]) => ` ${key}="${escape(value)}"`)
  return `<${name}${written.join('')}>${content.map(writeContent).join('')}</${name}>`
}

function writeContent(content: Markup | Raw | string | undefined): string {
  if (content === undefined) return ''
  if (typeof content === 'string') return escape(content)
  return 'raw' in content ? content.raw : writeXml(content)
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#x9;',
  '\n': '&#xA;',
  '\r': '&#xD;',
}

/** Characters that XML cannot say at all become U+FFFD. */
function escape(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(new RegExp(noCharacters, 'g'), '\ufffd')
    .replaceAll(/[&<>"\t\n\r]/g, (character) => entities[character] ?? character)
}
