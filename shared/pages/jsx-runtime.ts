/**
 * What the JSX of our pages becomes: text, made once and never changed. Bundles take it in the place of hono's, which
 * can do much that pages without state do not need; its types stay.
 */

/** Text that is markup already, so that it is not escaped again. */
class Markup {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  toString(): string {
    return this.#text
  }
}

type Props = Readonly<Record<string, unknown>>

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Elements without content and end tag. */
const empty = new Set(['input', 'img', 'link', 'meta', 'rect', 'path'])

/** Attributes whose `false` is a value, where that of others means absence. */
const enumerated = /^(aria-|data-|spellcheck$)/

/** An element or a component with its props. */
export function jsx(tag: string | ((props: Props) => unknown), props: Props): unknown {
  if (typeof tag === 'function') return tag(props)
  const attributes = Object.entries(props).map(([name, value]) => attribute(name, value))
  const start = `<${tag}${attributes.join('')}`
  return new Markup(empty.has(tag) ? `${start}/>` : `${start}>${content(props['children'])}</${tag}>`)
}

export { jsx as jsxs, jsx as jsxDEV }

export function Fragment({ children }: Props): unknown {
  return new Markup(content(children))
}

/** What is no text and no markup (`false`, `undefined`) is nothing. */
function content(child: unknown): string {
  if (Array.isArray(child)) return child.map(content).join('')
  if (child instanceof Markup) return child.toString()
  return typeof child === 'string' || typeof child === 'number' ? escaped(String(child)) : ''
}

function attribute(name: string, value: unknown): string {
  if (name === 'children') return ''
  if (typeof value === 'boolean' && !enumerated.test(name)) return value ? ` ${name}=""` : ''
  const isText = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  return isText ? ` ${name}="${escaped(String(value))}"` : ''
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '')
}
