/** What every handler finds in its context. */
export interface RequestVariables<Deps> {
  readonly deps: Deps
  readonly requestId: string
  /** Seconds since the epoch, read once a request. */
  readonly now: number
  /** Facts for the request's log line; no secrets, no personal data. */
  readonly log: Record<string, string | number | boolean | undefined>
}

/** The request, as handlers read it. */
export class WorkerRequest {
  readonly raw: Request
  readonly #params: ReadonlyMap<string, string>
  #url: URL | undefined

  constructor(raw: Request, params: ReadonlyMap<string, string>) {
    this.raw = raw
    this.#params = params
  }

  get url(): string {
    return this.raw.url
  }

  get method(): string {
    return this.raw.method
  }

  get path(): string {
    return this.#parsed().pathname
  }

  header(name: string): string | undefined {
    return this.raw.headers.get(name) ?? undefined
  }

  /** The first value of a parameter of the address. */
  query(name: string): string | undefined {
    return this.#parsed().searchParams.get(name) ?? undefined
  }

  /** A part of the path, by its name in the route. */
  param(name: string): string | undefined {
    return this.#params.get(name)
  }

  #parsed(): URL {
    return (this.#url ??= new URL(this.raw.url))
  }
}

/** One request on its way to its response. */
export class WorkerContext<Deps> {
  readonly req: WorkerRequest
  readonly var: RequestVariables<Deps>
  readonly #headers = new Headers()

  constructor(req: WorkerRequest, variables: RequestVariables<Deps>) {
    this.req = req
    this.var = variables
  }

  /** Sets a header of the response to come. */
  header(name: string, value: string, options?: { readonly append: true }): void {
    if (options) this.#headers.append(name, value)
    else this.#headers.set(name, value)
  }

  body(body: string | null, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
    for (const [name, value] of Object.entries(headers)) this.#headers.set(name, value)
    return new Response(body, { status, headers: this.#headers })
  }

  json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
    return this.body(JSON.stringify(value), status, { 'content-type': 'application/json', ...headers })
  }

  redirect(location: string, status: 302 | 303): Response {
    return this.body(null, status, { location })
  }
}

export type Handler<Deps> = (c: WorkerContext<Deps>) => Response | Promise<Response>

export interface Route<Deps> {
  /** Matched exactly, except that `:name` stands for one part of the path and a last `*` for the rest of it. */
  readonly path: string
  readonly GET?: Handler<Deps>
  readonly POST?: Handler<Deps>
  readonly PUT?: Handler<Deps>
  readonly PATCH?: Handler<Deps>
  readonly DELETE?: Handler<Deps>
  /** Scripts of other origins may call it, never with credentials. */
  readonly cors?: boolean
  /** Successes are not logged: the answer is the same for everyone and cached. */
  readonly quiet?: boolean
}
