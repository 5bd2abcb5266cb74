/** A field that a query selects. */
export interface Field {
  readonly name: string
  /** The name in the answer. */
  readonly alias: string
  readonly args: Readonly<Record<string, unknown>>
  readonly fields: readonly Field[]
}

/** A query that cannot be read. */
export class GraphqlError extends Error {}

const TOKEN = /\s*(?:#[^\n]*\n\s*|,\s*)*(\$?[_A-Za-z]\w*|-?\d+(?:\.\d+)?|"(?:[^"\\]|\\.)*"|[{}()[\]:!=]|\.\.\.|@)/gy

/** Reads a GraphQL query, as far as the analytics API needs it: no fragments, no directives. */
export function parseQuery(text: string, variables: Readonly<Record<string, unknown>>): readonly Field[] {
  return new Parser(tokens(text), variables).document()
}

function tokens(text: string): string[] {
  const found: string[] = []
  TOKEN.lastIndex = 0
  let end = 0
  for (let match = TOKEN.exec(text); match; match = TOKEN.exec(text)) {
    found.push(match[1] ?? '')
    end = TOKEN.lastIndex
  }
  if (/[^\s,]/.test(text.slice(end))) throw new GraphqlError(`syntax error at offset ${end}`)
  return found
}

class Parser {
  readonly #tokens: readonly string[]
  readonly #variables: Readonly<Record<string, unknown>>
  #at = 0

  constructor(tokens: readonly string[], variables: Readonly<Record<string, unknown>>) {
    this.#tokens = tokens
    this.#variables = variables
  }

  document(): Field[] {
    if (this.#peek() === 'query') {
      // Its name and the types of its variables do not matter here.
      while (this.#peek() !== '{' && this.#peek() !== '') this.#take()
    }
    const fields = this.#fields()
    if (this.#peek() !== '') throw new GraphqlError(`unexpected ${this.#peek()}`)
    return fields
  }

  #fields(): Field[] {
    this.#take('{')
    const fields: Field[] = []
    while (this.#peek() !== '}') fields.push(this.#field())
    this.#take('}')
    return fields
  }

  #field(): Field {
    const alias = this.#name()
    let name = alias
    if (this.#peek() === ':') {
      this.#take(':')
      name = this.#name()
    }
    const args = this.#peek() === '(' ? this.#members('(', ')') : {}
    return { name, alias, args, fields: this.#peek() === '{' ? this.#fields() : [] }
  }

  #members(open: string, close: string): Record<string, unknown> {
    this.#take(open)
    const members: Record<string, unknown> = {}
    while (this.#peek() !== close) {
      const name = this.#name()
      this.#take(':')
      members[name] = this.#value()
    }
    this.#take(close)
    return members
  }

  #value(): unknown {
    const next = this.#peek()
    if (next === '{') return this.#members('{', '}')
    if (next === '[') {
      this.#take('[')
      const items: unknown[] = []
      while (this.#peek() !== ']') items.push(this.#value())
      this.#take(']')
      return items
    }
    const token = this.#take()
    if (token.startsWith('$')) return this.#variables[token.slice(1)]
    if (/^["\d-]/.test(token)) return JSON.parse(token)
    return { true: true, false: false, null: null }[token] ?? token
  }

  #name(): string {
    const token = this.#take()
    if (!/^[_A-Za-z]\w*$/.test(token)) throw new GraphqlError(`unexpected ${token || 'end of the query'}`)
    return token
  }

  #peek(): string {
    return this.#tokens[this.#at] ?? ''
  }

  #take(expected?: string): string {
    const token = this.#peek()
    if (token === '' || (expected !== undefined && token !== expected)) {
      throw new GraphqlError(`expected ${expected ?? 'more'}, found ${token || 'the end'}`)
    }
    this.#at += 1
    return token
  }
}
