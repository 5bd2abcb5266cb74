import { randomInt } from 'node:crypto'

/** A hidden field or a link as the page has it. */
const entities: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
}

/** A browser without scripts: keeps cookies, follows nothing by itself, posts forms as it found them. */
export class Agent {
  readonly origin: string
  readonly cookies = new Map<string, string>()
  /** As Cloudflare reports it; each agent has its own, so that throttling tells them apart. */
  readonly address = `198.51.${randomInt(256)}.${randomInt(256)}`

  constructor(origin: string) {
    this.origin = origin
  }

  async get(path: string | URL, headers: Record<string, string> = {}): Promise<Response> {
    return this.#send(path, { headers })
  }

  async post(
    path: string | URL,
    form: Record<string, string> | URLSearchParams,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    return this.#send(path, {
      method: 'POST',
      body: new URLSearchParams(form).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    })
  }

  /** Fills and posts the form of a page that goes to `action`; its first one unless told. */
  async submit(page: string, fields: Record<string, string>, action?: string): Promise<Response> {
    const form = formOf(page, action)
    return this.post(form.action, { ...form.hidden, ...fields }, { 'sec-fetch-site': 'same-origin' })
  }

  /** Follows redirects while they stay on the provider. Answers the page, or the redirect that leaves. */
  async follow(response: Response): Promise<Response> {
    let current = response
    for (let hops = 0; hops < 10; hops++) {
      const location = current.headers.get('location')
      if (location === null || new URL(location, this.origin).origin !== this.origin) return current
      current = await this.get(location)
    }
    throw new Error('the redirects have no end')
  }

  /**
   * Goes from a request to the client's callback, answering sign-in and consent on the way.
   * Answers the URL of the callback.
   */
  async authorize(path: string | URL, person: { username: string; password: string }, begin?: Response): Promise<URL> {
    let response = await this.follow(begin ?? (await this.get(path)))
    for (let steps = 0; steps < 4; steps++) {
      const location = response.headers.get('location')
      if (location !== null) return new URL(location)
      const page = await response.text()
      if (response.status !== 200) throw new Error(`${response.status} ${page}`)
      response = await this.follow(await this.#answer(page, person))
    }
    throw new Error('the pages have no end')
  }

  async #answer(page: string, person: { username: string; password: string }): Promise<Response> {
    if (page.includes('action="/signin"'))
      return this.submit(page, { identifier: person.username, password: person.password }, '/signin')
    if (page.includes('action="/consent"')) return this.submit(page, { action: 'allow' }, '/consent')
    throw new Error(`an unexpected page: ${page}`)
  }

  async #send(path: string | URL, init: RequestInit & { headers: Record<string, string> }): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { 'cf-connecting-ip': this.address, ...(cookie && { cookie }), ...init.headers }
    const response = await fetch(new URL(path, this.origin), { ...init, headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split(/=(.*)/s)
      if (/max-age=0/i.test(line)) this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    return response
  }
}

/** Where a form of a page goes, and its hidden fields. */
export function formOf(page: string, action?: string): { action: string; hidden: Record<string, string> } {
  const forms = [...page.matchAll(/<form[^>]*action="([^"]*)"[^>]*>(.*?)<\/form>/gs)]
  const form = forms.find((each) => action === undefined || each[1] === action)
  if (!form) throw new Error(`no form on the page: ${page}`)
  const hidden: Record<string, string> = {}
  for (const [, name = '', value = ''] of (form[2] ?? '').matchAll(
    /<input type="hidden" name="([^"]*)" value="([^"]*)"/g,
  ))
    hidden[unescaped(name)] = unescaped(value)
  return { action: unescaped(form[1] ?? ''), hidden }
}

export function unescaped(text: string): string {
  return text.replaceAll(/&(?:amp|lt|gt|quot|#39);/g, (entity) => entities[entity] ?? entity)
}
