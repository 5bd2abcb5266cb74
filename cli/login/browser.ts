import type { Edge, EdgeAnswer } from '../apply/edge.ts'

const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
}

/** A browser without scripts, as far as a test login needs one: keeps cookies, follows redirects, posts forms. */
export class Browser {
  readonly #edge: Edge
  readonly #headers: Readonly<Record<string, string>>
  readonly #cookies = new Map<string, string>()

  /** @param headers go with every request. */
  constructor(edge: Edge, headers: Readonly<Record<string, string>> = {}) {
    this.#edge = edge
    this.#headers = headers
  }

  async get(path: string): Promise<EdgeAnswer> {
    return this.#follow(await this.#send(path))
  }

  /** Fills and posts the page's form that goes to `action`. */
  async submit({ text }: EdgeAnswer, action: string, fields: Readonly<Record<string, string>>): Promise<EdgeAnswer> {
    const form = [...text.matchAll(/<form[^>]*action="([^"]*)"[^>]*>(.*?)<\/form>/gs)].find(([, to]) => to === action)
    if (!form) throw new Error(`the page has no form for ${action}`)
    const hidden = [...(form[2] ?? '').matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)]
    const body = new URLSearchParams([
      ...hidden.map(([, name = '', value = '']) => [unescaped(name), unescaped(value)]),
      ...Object.entries(fields),
    ])
    return this.#follow(await this.#send(action, body.toString()))
  }

  /** Follows redirects while they stay on the issuer. */
  async #follow(answer: EdgeAnswer): Promise<EdgeAnswer> {
    let current = answer
    for (let hops = 0; hops < 10; hops++) {
      const url = URL.parse(current.headers.get('location') ?? '', this.#edge.issuer)
      if (!current.headers.has('location') || url?.origin !== new URL(this.#edge.issuer).origin) return current
      current = await this.#send(url.pathname + url.search)
    }
    throw new Error('the redirects have no end')
  }

  async #send(path: string, body?: string): Promise<EdgeAnswer> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await this.#edge.request(path, {
      headers: {
        ...this.#headers,
        ...(cookie && { cookie }),
        ...(body !== undefined && {
          'content-type': 'application/x-www-form-urlencoded',
          'sec-fetch-site': 'same-origin',
        }),
      },
      ...(body !== undefined && { method: 'POST', body }),
    })
    // Several may have been joined with commas.
    for (const [, name = '', value = ''] of (answer.headers.get('set-cookie') ?? '').matchAll(
      /(?:^|, )([\w-]+)=([^;,]*)/g,
    )) {
      this.#cookies.set(name, value)
    }
    return answer
  }
}

function unescaped(text: string): string {
  return text.replaceAll(/&(?:amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity] ?? entity)
}
